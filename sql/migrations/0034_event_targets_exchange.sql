INSERT IGNORE INTO event_targets (id) VALUES (0);
