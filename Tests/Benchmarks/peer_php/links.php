<?php
// Signed links: see ../peer/links.c.
declare(strict_types=1);

/** What a query says as a link, by the names of its parts; null where it is none. */
function read_link(string $query): ?array
{
    static $forms = [
        'e' => '/^[1-9][0-9]{0,17}$/D', 'k' => '/^[0-9a-z]{8}$/D', 'l' => '/^[0-9a-v]{20}$/D',
        // The one way to write 32 bytes.
        's' => '/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/D',
    ];
    $values = [];
    foreach (explode('&', $query) as $part) {
        if ($part === '') {
            continue;
        }
        if (preg_match('/%(?![0-9A-Fa-f]{2})/', $part)) {
            return null;
        }
        [$name, $value] = array_map(urldecode(...), explode('=', $part, 2)) + [1 => ''];
        if (!isset($forms[$name]) || isset($values[$name]) || !preg_match($forms[$name], $value)) {
            return null;
        }
        $values[$name] = $value;
    }
    return count($values) === count($forms) ? $values : null;
}

/** What a link is worth whose rows have been found: valid, expired, revoked, used_up; null where it is none. */
function link_state(array $link, string $id, array $row): ?string
{
    $secret = getenv('PEER_LINK_SECRET');
    $fingerprint = substr(hash('sha256', "media-link-secret\n$secret", true), 0, 8);
    $key = hash_hmac('sha256', "media-link-key\n{$link['k']}", $secret, true);
    $text = "media-link-1\n$id\n{$link['e']}\n{$link['k']}\n{$link['l']}\n{$row['epoch']}\n\n\n";
    $signature = base64_decode(strtr($link['s'], '-_', '+/'));
    if ($row['secret_fingerprint'] !== $fingerprint || !hash_equals(hash_hmac('sha256', $text, $key, true), $signature)) {
        return null;
    }
    if (!$row['is_current'] || $row['link_revoked_at'] !== null || $row['key_revoked_at'] !== null) {
        return 'revoked';
    }
    if ((int) $link['e'] <= microtime(true)) {
        return 'expired';
    }
    return $row['is_used_up'] ? 'used_up' : 'valid';
}
