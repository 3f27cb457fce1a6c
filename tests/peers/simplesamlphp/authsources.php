<?php
// The accounts, as peer.json names them.

$peer = json_decode(file_get_contents(dirname(__DIR__) . '/peer.json'), true);

$people = ['exampleauth:UserPass'];
foreach ($peer['accounts'] as $name => $account) {
    $people[$name . ':' . $account['password']] = $account['attributes'];
}

$config = ['people' => $people];
