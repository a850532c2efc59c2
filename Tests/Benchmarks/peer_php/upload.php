<?php
// POST /upload?name=…&userId=…&isPublic=…: a file as the body. The answer comes when file and record survive a power cut, as the
// service's does: the bytes, their name, the name of the folder they lie in and the rows are on the disk by then.
declare(strict_types=1);

upload();

function upload(): void
{
    if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
        refuse(405, 'method_not_allowed', 'Method not allowed', "method: isn't possible here", 'Allow: POST');
    }
    $database = database('peer');
    $scopes = authenticate($database);
    if ($scopes === null) {
        refuse_unauthenticated("This needs an API key or a token: 'Authorization: Bearer …'.");
    }
    if (!in_array('media:write', $scopes, true)) {
        refuse(403, 'forbidden', 'Not allowed', "The API key lacks the scope 'media:write'.");
    }
    $name = $_GET['name'] ?? '';
    $body = file_get_contents('php://input');
    if (!preg_match('~^[^/\\\\[:cntrl:]]{1,255}$~Du', $name) || $name === '.' || $name === '..') {
        refuse(400, 'invalid_request', 'Invalid request', "name: isn't a file's");
    }
    if ($body === '') {
        refuse(400, 'invalid_request', 'Invalid request', 'body: the file is empty');
    }
    $type = type_of($body);
    $sha256 = hash('sha256', $body);
    store($body, $sha256);
    $record = record($name, $type, strlen($body), $sha256);
    insert($database, $record, file_type($type)[0]);
    answer(201, 'application/json', $record, 'ETag: "1"', 'Location: ' . getenv('PEER_BASE_URL') . "/v1/media/{$record['id']}");
}

/** The type that the bytes have, which has to be known and the one that the sender names. */
function type_of(string $body): string
{
    $detected = (new finfo(FILEINFO_MIME_TYPE))->buffer(substr($body, 0, 65536));
    $declared = strtolower(trim(explode(';', $_SERVER['CONTENT_TYPE'] ?? '')[0]));
    if ($detected !== $declared || !file_type($detected)) {
        refuse(
            415, 'unsupported_media_type', 'Unsupported media type', "body: declared as $declared, but the bytes are $detected");
    }
    return $detected;
}

/** Gives the bytes their place among the blobs, so that they survive a power cut. */
function store(string $body, string $sha256): void
{
    $root = getenv('PEER_STORE');
    $staged = "$root/staging/{$_SERVER['REQUEST_ID']}";
    $file = fopen($staged, 'x');
    must($file && fwrite($file, $body) === strlen($body) && fsync($file) && fclose($file), $staged);
    $outer = "$root/objects/" . substr($sha256, 0, 2);
    $inner = "$outer/" . substr($sha256, 2, 2);
    if (!is_dir($inner) && !@mkdir($inner, 0750)) {
        must(is_dir($inner), $inner);
    }
    // Whoever made the folder may not have come to this yet. Where there is nothing new, it costs next to nothing.
    sync($outer);
    must(rename($staged, "$inner/$sha256"), $inner);
    sync($inner);
}

/** Makes the names in a folder survive a power cut. */
function sync(string $folder): void
{
    $handle = fopen($folder, 'r');
    must($handle && fsync($handle) && fclose($handle), $folder);
}

function must(bool $is_done, string $path): void
{
    if (!$is_done) {
        throw new RuntimeException("$path can't be written");
    }
}

/** The record as the service answers it. */
function record(string $name, string $type, int $size, string $sha256): array
{
    $milliseconds = (int) (microtime(true) * 1000);
    $id = 'c' . str_pad(base_convert((string) $milliseconds, 10, 36), 9, '0', STR_PAD_LEFT);
    while (strlen($id) < 25) {
        $id .= '0123456789abcdefghijklmnopqrstuvwxyz'[random_int(0, 35)];
    }
    $moment = gmdate('Y-m-d\TH:i:s', intdiv($milliseconds, 1000)) . sprintf('.%03dZ', $milliseconds % 1000);
    $kind = strtoupper(explode('/', $type)[0]);
    return [
        'id' => $id, 'type' => in_array($kind, ['IMAGE', 'VIDEO', 'AUDIO'], true) ? $kind : 'DOCUMENT', 'originalName' => $name,
        'mimeType' => $type, 'size' => $size, 'url' => getenv('PEER_BASE_URL') . "/m/$id", 'userId' => $_GET['userId'] ?? '',
        'entityId' => null, 'entityType' => null, 'metadata' => null, 'isPublic' => ($_GET['isPublic'] ?? '') === 'true',
        'status' => 'READY', 'createdAt' => $moment, 'updatedAt' => $moment, 'title' => null, 'sha256' => $sha256,
        'revision' => 1, 'failureReason' => null, 'deletedAt' => null, 'version' => 1, 'details' => null, 'variants' => [],
    ];
}

function insert(mysqli $database, array $record, string $extension): void
{
    $moment = strtr($record['createdAt'], ['T' => ' ', 'Z' => '']);
    $stem = trim(preg_replace('/[^\p{L}\p{N}\p{M}_-]+/u', '-', pathinfo($record['originalName'], PATHINFO_FILENAME)), '-');
    $database->begin_transaction();
    query(
        $database,
        "INSERT INTO blobs (sha256, size, store, reference_count, created_at) VALUES (UNHEX(%s), %s, 'local', 1, %s)
        ON DUPLICATE KEY UPDATE reference_count = reference_count + 1", $record['sha256'], $record['size'], $moment);
    query(
        $database,
        'INSERT INTO media (id, type, original_name, mime_type, size, user_id, is_public, status, created_at, updated_at, sha256,
            public_name)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, UNHEX(%s), %s)',
        $record['id'], $record['type'], $record['originalName'], $record['mimeType'], $record['size'], $record['userId'],
        (int) $record['isPublic'], $record['status'], $moment, $moment, $record['sha256'],
        ($stem === '' ? 'file' : iconv_substr($stem, 0, 120, 'UTF-8')) . ".$extension");
    $database->commit();
}
