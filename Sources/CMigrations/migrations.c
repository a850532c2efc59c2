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
static const char media_revision[] = {
#embed "../../sql/migrations/0012_media_revision.sql" suffix(, 0)
};
static const char media_failure_reason[] = {
#embed "../../sql/migrations/0013_media_failure_reason.sql" suffix(, 0)
};
static const char media_deleted_status[] = {
#embed "../../sql/migrations/0014_media_deleted_status.sql" suffix(, 0)
};
static const char media_deleted_at[] = {
#embed "../../sql/migrations/0015_media_deleted_at.sql" suffix(, 0)
};
static const char media_updated_at[] = {
#embed "../../sql/migrations/0016_media_updated_at.sql" suffix(, 0)
};
static const char media_size[] = {
#embed "../../sql/migrations/0017_media_size.sql" suffix(, 0)
};
static const char media_version[] = {
#embed "../../sql/migrations/0018_media_version.sql" suffix(, 0)
};
static const char media_version_at[] = {
#embed "../../sql/migrations/0019_media_version_at.sql" suffix(, 0)
};
static const char media_versions[] = {
#embed "../../sql/migrations/0020_media_versions.sql" suffix(, 0)
};
static const char user_usage[] = {
#embed "../../sql/migrations/0021_user_usage.sql" suffix(, 0)
};
static const char user_usage_of_records[] = {
#embed "../../sql/migrations/0022_user_usage_of_records.sql" suffix(, 0)
};
static const char total_usage[] = {
#embed "../../sql/migrations/0023_total_usage.sql" suffix(, 0)
};
static const char audit_log[] = {
#embed "../../sql/migrations/0024_audit_log.sql" suffix(, 0)
};
static const char idempotency_keys[] = {
#embed "../../sql/migrations/0025_idempotency_keys.sql" suffix(, 0)
};
static const char signed_links_last_request[] = {
#embed "../../sql/migrations/0026_signed_links_last_request.sql" suffix(, 0)
};
static const char media_sha256_of_outside[] = {
#embed "../../sql/migrations/0027_media_sha256_of_outside.sql" suffix(, 0)
};
static const char media_external_url[] = {
#embed "../../sql/migrations/0028_media_external_url.sql" suffix(, 0)
};
static const char staged_files[] = {
#embed "../../sql/migrations/0029_staged_files.sql" suffix(, 0)
};
static const char redeliveries[] = {
#embed "../../sql/migrations/0030_redeliveries.sql" suffix(, 0)
};
static const char departures[] = {
#embed "../../sql/migrations/0031_departures.sql" suffix(, 0)
};
static const char webhooks[] = {
#embed "../../sql/migrations/0032_webhooks.sql" suffix(, 0)
};
static const char event_targets[] = {
#embed "../../sql/migrations/0033_event_targets.sql" suffix(, 0)
};
static const char event_targets_exchange[] = {
#embed "../../sql/migrations/0034_event_targets_exchange.sql" suffix(, 0)
};
static const char outbox[] = {
#embed "../../sql/migrations/0035_outbox.sql" suffix(, 0)
};
static const char webhook_deliveries[] = {
#embed "../../sql/migrations/0036_webhook_deliveries.sql" suffix(, 0)
};
static const char event_targets_holder[] = {
#embed "../../sql/migrations/0037_event_targets_holder.sql" suffix(, 0)
};
static const char resumable_uploads[] = {
#embed "../../sql/migrations/0038_resumable_uploads.sql" suffix(, 0)
};
static const char resumable_uploads_kind[] = {
#embed "../../sql/migrations/0039_resumable_uploads_kind.sql" suffix(, 0)
};
static const char jobs[] = {
#embed "../../sql/migrations/0040_jobs.sql" suffix(, 0)
};
static const char blobs_place[] = {
#embed "../../sql/migrations/0041_blobs_place.sql" suffix(, 0)
};
static const char uploads_place[] = {
#embed "../../sql/migrations/0042_uploads_place.sql" suffix(, 0)
};
static const char blob_removals[] = {
#embed "../../sql/migrations/0043_blob_removals.sql" suffix(, 0)
};
static const char resumable_uploads_direct[] = {
#embed "../../sql/migrations/0044_resumable_uploads_direct.sql" suffix(, 0)
};
static const char upload_parts[] = {
#embed "../../sql/migrations/0045_upload_parts.sql" suffix(, 0)
};
static const char media_processing[] = {
#embed "../../sql/migrations/0046_media_processing.sql" suffix(, 0)
};
static const char variants[] = {
#embed "../../sql/migrations/0047_variants.sql" suffix(, 0)
};
static const char media_words[] = {
#embed "../../sql/migrations/0048_media_words.sql" suffix(, 0)
};
static const char media_words_of_records[] = {
#embed "../../sql/migrations/0049_media_words_of_records.sql" suffix(, 0)
};
static const char signed_links_variant[] = {
#embed "../../sql/migrations/0050_signed_links_variant.sql" suffix(, 0)
};

static const char turns[] = {
#embed "../../sql/migrations/0051_turns.sql" suffix(, 0)
};

static const char media_user_orders[] = {
#embed "../../sql/migrations/0052_media_user_orders.sql" suffix(, 0)
};

static const char media_counts[] = {
#embed "../../sql/migrations/0053_media_counts.sql" suffix(, 0)
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
    {12, "media_revision", media_revision},
    {13, "media_failure_reason", media_failure_reason},
    {14, "media_deleted_status", media_deleted_status},
    {15, "media_deleted_at", media_deleted_at},
    {16, "media_updated_at", media_updated_at},
    {17, "media_size", media_size},
    {18, "media_version", media_version},
    {19, "media_version_at", media_version_at},
    {20, "media_versions", media_versions},
    {21, "user_usage", user_usage},
    {22, "user_usage_of_records", user_usage_of_records},
    {23, "total_usage", total_usage},
    {24, "audit_log", audit_log},
    {25, "idempotency_keys", idempotency_keys},
    {26, "signed_links_last_request", signed_links_last_request},
    {27, "media_sha256_of_outside", media_sha256_of_outside},
    {28, "media_external_url", media_external_url},
    {29, "staged_files", staged_files},
    {30, "redeliveries", redeliveries},
    {31, "departures", departures},
    {32, "webhooks", webhooks},
    {33, "event_targets", event_targets},
    {34, "event_targets_exchange", event_targets_exchange},
    {35, "outbox", outbox},
    {36, "webhook_deliveries", webhook_deliveries},
    {37, "event_targets_holder", event_targets_holder},
    {38, "resumable_uploads", resumable_uploads},
    {39, "resumable_uploads_kind", resumable_uploads_kind},
    {40, "jobs", jobs},
    {41, "blobs_place", blobs_place},
    {42, "uploads_place", uploads_place},
    {43, "blob_removals", blob_removals},
    {44, "resumable_uploads_direct", resumable_uploads_direct},
    {45, "upload_parts", upload_parts},
    {46, "media_processing", media_processing},
    {47, "variants", variants},
    {48, "media_words", media_words},
    {49, "media_words_of_records", media_words_of_records},
    {50, "signed_links_variant", signed_links_variant},
    {51, "turns", turns},
    {52, "media_user_orders", media_user_orders},
    {53, "media_counts", media_counts},
};

const MediaMigration *media_migration_at(int index) {
    int count = sizeof(migrations) / sizeof(migrations[0]);
    return index >= 0 && index < count ? &migrations[index] : 0;
}
