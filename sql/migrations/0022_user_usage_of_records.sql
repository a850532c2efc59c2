-- What is there already.
REPLACE INTO user_usage (user_id, bytes, files) SELECT user_id, SUM(size), COUNT(*) FROM media GROUP BY user_id;
