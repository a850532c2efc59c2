<?php
// Refusals as problem details (RFC 9457), and what is known of types of files.
declare(strict_types=1);

/** Ends the request. */
function refuse(int $status, string $code, string $title, string $detail, string ...$fields): never
{
    answer($status, 'application/problem+json', [
        'type' => getenv('PEER_BASE_URL') . "/docs/errors#$code", 'title' => $title, 'status' => $status, 'code' => $code,
        'detail' => $detail, 'requestId' => $_SERVER['REQUEST_ID'],
    ], 'Vary: Accept', ...$fields);
}

/** Ends the request with an answer that nobody keeps. */
function answer(int $status, string $type, array $content, string ...$fields): never
{
    $body = json_encode($content, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
    http_response_code($status);
    header("Content-Type: $type");
    header('Cache-Control: no-store');
    header('Content-Length: ' . strlen($body));
    foreach ($fields as $field) {
        header($field);
    }
    if ($_SERVER['REQUEST_METHOD'] !== 'HEAD') {
        echo $body;
    }
    exit;
}

function refuse_unauthenticated(string $detail): never
{
    refuse(401, 'unauthenticated', 'Not authenticated', $detail, 'WWW-Authenticate: Bearer realm="media"');
}

/** The extension of a type's files and whether a browser may show them; null for a type that isn't known. */
function file_type(string $name): ?array
{
    // Written when the benchmark starts, from the service's own table.
    return (require __DIR__ . '/types.php')[$name] ?? null;
}
