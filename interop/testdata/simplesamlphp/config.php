<?php
// What is not set here has SimpleSAMLphp's default.
$config = [
    'baseurlpath' => '{{.BaseURL}}',
    'certdir' => '{{.Dir}}/',
    'loggingdir' => '{{.Dir}}/',
    'datadir' => '{{.Dir}}/data/',
    'tempdir' => '{{.Dir}}/data',
    'metadatadir' => '{{.Dir}}/metadata',
    'secretsalt' => '{{.SecretSalt}}',
    'technicalcontact_name' => 'Nobody',
    'technicalcontact_email' => 'root@localhost',
    'timezone' => 'UTC',
    'logging.level' => SimpleSAML\Logger::INFO,
    'logging.handler' => 'file',
    'logging.logfile' => 'simplesamlphp.log',
    'enable.saml20-idp' => true,
    'module.enable' => ['core' => true, 'saml' => true, 'exampleauth' => true],
    'session.cookie.secure' => true,
    'metadata.sources' => [['type' => 'flatfile']],
    'store.type' => 'phpsession',
];
