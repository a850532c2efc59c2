<?php
// Who calls: a service by its API key, or nobody that is known.
declare(strict_types=1);

/** The scopes of the service that calls; null where the request names nobody. */
function authenticate(mysqli $database): ?array
{
    $header = $_SERVER['HTTP_AUTHORIZATION'] ?? '';
    if ($header === '') {
        return null;
    }
    if (strncasecmp($header, 'bearer ', 7) !== 0) {
        refuse_unauthenticated("Authorization has to be 'Bearer' and an API key or a token.");
    }
    $has_form = preg_match('/^ *mk_([0-9A-Za-z]{12})_([0-9A-Za-z]{43})$/D', substr($header, 7), $parts);
    $key = $has_form ? find(
        $database,
        'SELECT secret_sha256, scopes, expires_at <= UTC_TIMESTAMP(3) AS is_over FROM media.api_keys
        WHERE id = %s AND revoked_at IS NULL',
        $parts[1]) : null;
    if (!$key || !hash_equals($key['secret_sha256'], hash('sha256', $parts[2], true)) || $key['is_over']) {
        refuse_unauthenticated('The API key is unknown, expired or revoked.');
    }
    return explode(' ', $key['scopes']);
}
