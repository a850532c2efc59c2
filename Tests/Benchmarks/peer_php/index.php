<?php
// What a platform would have in PHP in the place of the service: `deploy/bench` measures the service against it. Its downloads
// are those of the C program in ../peer with API keys and signed links, byte for byte but for the request's id; of users' tokens
// it knows nothing.
declare(strict_types=1);

require __DIR__ . '/answers.php';
require __DIR__ . '/database.php';
require __DIR__ . '/callers.php';
require __DIR__ . ($_SERVER['DOCUMENT_URI'] === '/upload' ? '/upload.php' : '/download.php');
