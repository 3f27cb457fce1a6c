<?php
// SimpleSAMLphp for the tests. Lies in <folder>/config; everything else lies beside it.

$folder = dirname(__DIR__);
$peer = json_decode(file_get_contents("$folder/peer.json"), true);

$config = [
    'baseurlpath' => $peer['base_url'] . '/',
    'certdir' => "$folder/cert/",
    'datadir' => "$folder/data/",
    'loggingdir' => "$folder/log/",
    'tempdir' => "$folder/tmp",
    'metadatadir' => "$folder/metadata",
    'metadata.sources' => [['type' => 'flatfile', 'directory' => "$folder/metadata"]],

    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],

    'secretsalt' => bin2hex(hash('sha256', $folder, true)),
    'auth.adminpassword' => bin2hex(random_bytes(16)),
    'admin.checkforupdates' => false,
    'technicalcontact_name' => 'Tests',
    'technicalcontact_email' => 'nobody@northwind.test',

    'store.type' => 'phpsession',
    'session.cookie.secure' => false,
    'session.phpsession.savepath' => "$folder/sessions",
    'session.phpsession.httponly' => true,

    'timezone' => 'UTC',
    'language.default' => 'en',
    'language.available' => ['en'],
    'logging.handler' => 'errorlog',
    'logging.level' => 6,
    'logging.format' => '%level %stat[%trackid] %msg',
    'showerrors' => true,
    'errorreporting' => false,
];
