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
static const char media_link_epoch[] = {
#embed "../../sql/migrations/0007_media_link_epoch.sql" suffix(, 0)
};
static const char link_keys[] = {
#embed "../../sql/migrations/0008_link_keys.sql" suffix(, 0)
};
static const char signed_links[] = {
#embed "../../sql/migrations/0009_signed_links.sql" suffix(, 0)
};
static const char api_keys_expires_at[] = {
#embed "../../sql/migrations/0010_api_keys_expires_at.sql" suffix(, 0)
};
static const char api_keys_last_used_at[] = {
#embed "../../sql/migrations/0011_api_keys_last_used_at.sql" suffix(, 0)
};

static const MediaMigration migrations[] = {
    {1, "blobs", blobs},
    {2, "media", media},
    {3, "media_entities", media_entities},
    {4, "uploads", uploads},
    {5, "publications", publications},
    {6, "api_keys", api_keys},
    {7, "media_link_epoch", media_link_epoch},
    {8, "link_keys", link_keys},
    {9, "signed_links", signed_links},
    {10, "api_keys_expires_at", api_keys_expires_at},
    {11, "api_keys_last_used_at", api_keys_last_used_at},
};

const MediaMigration *media_migration_at(int index) {
    int count = sizeof(migrations) / sizeof(migrations[0]);
    return index >= 0 && index < count ? &migrations[index] : 0;
}
