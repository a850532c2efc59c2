<?php
// MariaDB by a connection that stays open from request to request.
declare(strict_types=1);

function database(string $name): mysqli
{
    $connection = mysqli_init();
    $connection->options(MYSQLI_SET_CHARSET_NAME, 'utf8mb4');
    try {
        $connection->real_connect(
            'p:localhost', 'media', getenv('PEER_PASSWORD'), $name, null, getenv('PEER_DATABASE_SOCKET'));
    } catch (mysqli_sql_exception) {
        refuse(503, 'unavailable', 'Unavailable', "The database can't be reached now.", 'Retry-After: 5');
    }
    return $connection;
}

/**
 * Runs a statement with values in place of its `%s`: in its text, which takes one round trip. To prepare it would take two more
 * in each request, since no prepared statement outlives one.
 */
function query(mysqli $database, string $statement, string|int ...$values): mysqli_result|bool
{
    $texts = array_map(
        fn (string|int $value) => is_int($value) ? $value : "'" . $database->real_escape_string($value) . "'", $values);
    return $database->query(vsprintf($statement, $texts));
}

function find(mysqli $database, string $statement, string ...$values): ?array
{
    return query($database, $statement, ...$values)->fetch_assoc();
}
