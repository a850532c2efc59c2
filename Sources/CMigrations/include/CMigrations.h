// The schema's migrations, embedded so that the executable carries the schema it was built for.
#pragma once

typedef struct {
    int version;
    const char *_Nonnull name;
    const char *_Nonnull sql;
} MediaMigration;

/// The migration at a place in their order; NULL behind the last.
const MediaMigration *_Nullable media_migration_at(int index);
