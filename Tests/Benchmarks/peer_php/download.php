<?php
// GET /m/{id}: a file for whoever may have it, which nginx sends.
declare(strict_types=1);

require __DIR__ . '/links.php';

const FILE_COLUMNS = 'm.original_name, m.mime_type, m.sha256, m.is_public, m.status';

download();

function download(): void
{
    if (!preg_match('~^/m/([^/]+)$~D', $_SERVER['DOCUMENT_URI'], $parts)) {
        refuse(404, 'not_found', 'Not found', 'There is nothing at this path.');
    }
    if (!in_array($_SERVER['REQUEST_METHOD'], ['GET', 'HEAD'], true)) {
        refuse(405, 'method_not_allowed', 'Method not allowed', "method: isn't possible here", 'Allow: GET, HEAD');
    }
    $database = database('media');
    $scopes = authenticate($database);
    [$file, $link] = find_file($database, $parts[1]);
    decide($parts[1], $scopes, $file, $link);
}

/** The file, if there is one, and what the link in the query is worth. */
function find_file(mysqli $database, string $id): array
{
    if (!preg_match('/^c[0-9a-z]{24}$/D', $id)) {
        return [null, null];
    }
    $link = read_link($_SERVER['QUERY_STRING']);
    $file = $link ? find(
        $database,
        'SELECT ' . FILE_COLUMNS . ', m.link_epoch = l.epoch AS is_current, l.epoch, l.revoked_at AS link_revoked_at,
            l.uses >= l.max_uses AND NOT l.last_request <=> %s AS is_used_up, k.secret_fingerprint, k.revoked_at AS key_revoked_at
        FROM media m JOIN signed_links l ON l.id = %s AND l.media_id = m.id JOIN link_keys k ON k.id = %s AND k.id = l.key_id
        WHERE m.id = %s', $_SERVER['REQUEST_ID'], $link['l'], $link['k'], $id) : null;
    if ($file) {
        return [$file, link_state($link, $id, $file)];
    }
    return [find($database, 'SELECT ' . FILE_COLUMNS . ' FROM media m WHERE m.id = %s', $id), null];
}

function decide(string $id, ?array $scopes, ?array $file, ?string $link): void
{
    $status = $file['status'] ?? null;
    $may = in_array('media:read', $scopes ?? [], true);
    if ($status === 'READY' && ($file['is_public'] || $may || $link === 'valid')) {
        deliver($file);
    } elseif ($status === 'READY' && $link) {
        refuse_link($link);
    } elseif ($scopes !== null && !$may) {
        refuse(403, 'forbidden', 'Not allowed', "The API key lacks the scope 'media:read'.");
    } elseif ($may && $status === 'PROCESSING') {
        refuse(409, 'not_ready', 'Not ready', 'The file is still being processed.', 'Retry-After: 5');
    } elseif ($may && $status === 'FAILED') {
        refuse(409, 'not_ready', 'Not ready', 'The file could not be processed.');
    } else {
        refuse(404, 'not_found', 'Not found', 'Media with ID ' . substr($id, 0, 100) . ' not found');
    }
}

function refuse_link(string $state): never
{
    match ($state) {
        'expired' => refuse(403, 'link_expired', 'Link expired', 'This link has expired.'),
        'revoked' => refuse(403, 'link_revoked', 'Link revoked', 'This link has been revoked.'),
        'used_up' => refuse(403, 'link_used_up', 'Link used up', 'This link has been used as often as it may be.'),
    };
}

function deliver(array $file): void
{
    $hash = bin2hex($file['sha256']);
    $type = file_type($file['mime_type']);
    header('X-Accel-Redirect: /_objects/' . substr($hash, 0, 2) . '/' . substr($hash, 2, 2) . "/$hash");
    header('Content-Type: ' . ($type ? $file['mime_type'] : 'application/octet-stream')
        . (str_starts_with($file['mime_type'], 'text/') ? '; charset=utf-8' : ''));
    header('Content-Disposition: ' . ($type && $type[1] ? 'inline' : 'attachment') . '; ' . file_name($file['original_name']));
    header('Cache-Control: ' . ($file['is_public'] ? 'public' : 'private') . ', no-cache');
    header('Content-Length: 0');
}

/** A file's name for Content-Disposition (RFC 6266 §4.3, RFC 8187 §3.2.1). */
function file_name(string $name): string
{
    $ascii = preg_replace('/[^ !#-$&-\[\]-~]/u', '_', $name);
    if ($ascii === $name) {
        return "filename=\"$name\"";
    }
    // What RFC 3986 has encoded and RFC 8187 doesn't.
    $kept = ['%21' => '!', '%23' => '#', '%24' => '$', '%26' => '&', '%2B' => '+', '%5E' => '^', '%60' => '`', '%7C' => '|'];
    return "filename=\"$ascii\"; filename*=UTF-8''" . strtr(rawurlencode($name), $kept);
}
