#include "CMigrations.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// One array for each file of sql/migrations, in the order of its number; a test holds this list to the folder.
static const char blobs[] = {
#embed "../../sql/migrations/0001_blobs.sql" suffix(, 0)
};
static const char media[] = {
#embed "../../sql/migrations/0002_media.sql" suffix(, 0)
};
static const char media_entities[] = {
#embed "../../sql/migrations/0003_media_entities.sql" suffix(, 0)
};
static const char uploads[] = {
#embed "../../sql/migrations/0004_uploads.sql" suffix(, 0)
};
static const char publications[] = {
#embed "../../sql/migrations/0005_publications.sql" suffix(, 0)
};
static const char api_keys[] = {
#embed "../../sql/migrations/0006_api_keys.sql" suffix(, 0)
};

static const MediaMigration migrations[] = {
    {1, "blobs", blobs},
    {2, "media", media},
    {3, "media_entities", media_entities},
    {4, "uploads", uploads},
    {5, "publications", publications},
    {6, "api_keys", api_keys},
};

const MediaMigration *media_migration_at(int index) {
    int count = sizeof(migrations) / sizeof(migrations[0]);
    return index >= 0 && index < count ? &migrations[index] : 0;
}
