<?php
/** Takes the user that Apache has authenticated, by a ticket or a password, for the user. */
class RemoteUser extends SimpleSAML\Auth\Source
{
    private $users;

    public function __construct($info, $config)
    {
        parent::__construct($info, $config);
        $this->users = $config['users'];
    }

    public function authenticate(&$state)
    {
        $name = $_SERVER['REMOTE_USER'];
        // Apache's own log comes after the answer.
        SimpleSAML\Logger::info('REMOTE_USER is ' . $name . ' by ' . $_SERVER['AUTH_TYPE']);
        if (!isset($this->users[$name])) {
            throw new SimpleSAML\Error\Error('NOACCESS');
        }
        $state['Attributes'] = $this->users[$name];
    }
}
