<?php
// The service providers, as sps.json names them at this moment.

$metadata = json_decode(file_get_contents(dirname(__DIR__) . '/sps.json'), true);
