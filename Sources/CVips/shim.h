// libvips. Its operations are variadic, which doesn't import, so there is one function here for each call that is needed. Each returns 0,
// or -1 with the reason in vips_error_buffer().
#include <vips/vips.h>

// libvips begins by loading its modules with all the libraries behind them, which takes longer than a small picture does: it looks for them
// below VIPSHOME, where there are none. Of them only HEIC and AVIF are read and written here.
static inline int media_vips_start(int has_modules) {
    if (!has_modules) g_setenv("VIPSHOME", "/nonexistent", TRUE);
    if (VIPS_INIT("mediad-image")) return -1;
    // One image and then the end: nothing is worth keeping.
    vips_cache_set_max(0);
    return 0;
}

// Nothing is read by any loader, but by those of the class that is named, such as VipsForeignLoadJpeg.
static inline void media_vips_allow_loader(const char *name) {
    vips_operation_block_set("VipsForeignLoad", TRUE);
    vips_operation_block_set(name, FALSE);
}

static inline VipsImage *media_vips_open(const char *path) { return vips_image_new_from_file(path, NULL); }

static inline void media_vips_release(VipsImage *image) { g_object_unref(image); }

static inline int media_vips_pages(VipsImage *image) { return vips_image_get_n_pages(image); }

static inline int media_vips_has(VipsImage *image, const char *field) {
    return vips_image_get_typeof(image, field) != 0;
}

// A field as text; for g_free.
static inline char *media_vips_text(VipsImage *image, const char *field) {
    char *text = NULL;
    return vips_image_get_typeof(image, field) && !vips_image_get_as_string(image, field, &text) ? text : NULL;
}

static inline int media_vips_blob(VipsImage *image, const char *field, const void **data, size_t *length) {
    return vips_image_get_typeof(image, field) == VIPS_TYPE_BLOB ? vips_image_get_blob(image, field, data, length) : -1;
}

static inline int media_vips_copy(VipsImage *in, VipsImage **out) { return vips_copy(in, out, NULL); }

static inline int media_vips_remove(VipsImage *image, const char *field) { return vips_image_remove(image, field); }

// "srgb" or "cmyk": how the colours of a picture are meant where its profile doesn't say so. NULL: there is none, and they are those
// that all screens show, which nothing has to be done for.
static inline const char *media_vips_usual_profile(VipsImage *image) {
    int has_profile = vips_image_get_typeof(image, VIPS_META_ICC_NAME) != 0;
    switch (vips_image_get_interpretation(image)) {
    case VIPS_INTERPRETATION_sRGB:
    case VIPS_INTERPRETATION_RGB16: return has_profile && vips_image_get_bands(image) >= 3 ? "srgb" : NULL;
    case VIPS_INTERPRETATION_CMYK: return "cmyk";
    default: return NULL;
    }
}

// Decoded no larger than needed, upright and in sRGB; `forces` also makes it exactly as large as said.
static inline int media_vips_thumbnail(
    const char *path, const char *profile, VipsImage **out, int width, int height, int forces) {
    VipsSize size = forces ? VIPS_SIZE_FORCE : VIPS_SIZE_DOWN;
    // With a profile to export and none to import, libvips 8.14 makes other colours of sRGB without a profile.
    return profile ? vips_thumbnail(
                         path, out, width, "height", height, "size", size, "export_profile", "srgb", "import_profile",
                         profile, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL)
                   : vips_thumbnail(
                         path, out, width, "height", height, "size", size, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
}

// The same of a picture that was opened already.
static inline int media_vips_thumbnail_of(VipsImage *in, const char *profile, VipsImage **out, int width, int height) {
    return profile ? vips_thumbnail_image(
                         in, out, width, "height", height, "size", VIPS_SIZE_FORCE, "export_profile", "srgb",
                         "import_profile", profile, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL)
                   : vips_thumbnail_image(
                         in, out, width, "height", height, "size", VIPS_SIZE_FORCE, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
}

static inline int media_vips_resize(VipsImage *in, VipsImage **out, int width, int height) {
    return vips_thumbnail_image(in, out, width, "height", height, "size", VIPS_SIZE_FORCE, "no_rotate", TRUE, NULL);
}

static inline int media_vips_extract(VipsImage *in, VipsImage **out, int left, int top, int width, int height) {
    return vips_extract_area(in, out, left, top, width, height, NULL);
}

static inline int media_vips_smartcrop(VipsImage *in, VipsImage **out, int width, int height) {
    return vips_smartcrop(in, out, width, height, "interesting", VIPS_INTERESTING_ATTENTION, NULL);
}

// On a ground of one colour, in the middle.
static inline int media_vips_pad(
    VipsImage *in, VipsImage **out, int left, int top, int width, int height, double red, double green, double blue) {
    double colour[4] = {red, green, blue, 255};
    int count = vips_image_get_bands(in);
    VipsArrayDouble *ground = vips_array_double_new(colour, count < 3 ? 1 : count);
    int result = vips_embed(
        in, out, left, top, width, height, "extend", VIPS_EXTEND_BACKGROUND, "background", ground, NULL);
    vips_area_unref(VIPS_AREA(ground));
    return result;
}

static inline int media_vips_flatten(VipsImage *in, VipsImage **out, double ground) {
    double colour[3] = {ground, ground, ground};
    int count = vips_image_get_bands(in) >= 4 ? 3 : 1;
    VipsArrayDouble *array = vips_array_double_new(colour, count);
    int result = vips_flatten(in, out, "background", array, NULL);
    vips_area_unref(VIPS_AREA(array));
    return result;
}

static inline int media_vips_autorotate(VipsImage *in, VipsImage **out) { return vips_autorot(in, out, NULL); }

static inline int media_vips_srgb(VipsImage *in, VipsImage **out) {
    return vips_colourspace(in, out, VIPS_INTERPRETATION_sRGB, NULL);
}

static inline int media_vips_add_alpha(VipsImage *in, VipsImage **out) { return vips_addalpha(in, out, NULL); }

static inline int media_vips_cast_8bit(VipsImage *in, VipsImage **out) { return vips_cast_uchar(in, out, NULL); }

// One over the other; both in sRGB.
static inline int media_vips_overlay(VipsImage *base, VipsImage *over, VipsImage **out, int left, int top) {
    return vips_composite2(base, over, out, VIPS_BLEND_MODE_OVER, "x", left, "y", top, NULL);
}

// Decoded into memory, once.
static inline VipsImage *media_vips_copy_memory(VipsImage *image) { return vips_image_copy_memory(image); }

static inline void *media_vips_bytes(VipsImage *image, size_t *length) {
    return vips_image_write_to_memory(image, length);
}

static inline int media_vips_save_jpeg(VipsImage *in, const char *path, int quality) {
    return vips_jpegsave(
        in, path, "Q", quality, "strip", TRUE, "optimize_coding", TRUE, "interlace", TRUE, NULL);
}

static inline int media_vips_save_webp(VipsImage *in, const char *path, int quality, int effort) {
    return vips_webpsave(in, path, "Q", quality, "strip", TRUE, "effort", effort, NULL);
}

static inline int media_vips_save_avif(VipsImage *in, const char *path, int quality, int effort) {
    return vips_heifsave(
        in, path, "Q", quality, "strip", TRUE, "compression", VIPS_FOREIGN_HEIF_COMPRESSION_AV1, "effort", effort, NULL);
}

static inline int media_vips_save_heic(VipsImage *in, const char *path, int quality) {
    return vips_heifsave(
        in, path, "Q", quality, "strip", TRUE, "compression", VIPS_FOREIGN_HEIF_COMPRESSION_HEVC, NULL);
}

static inline int media_vips_save_png(VipsImage *in, const char *path) {
    return vips_pngsave(in, path, "strip", TRUE, "compression", 6, NULL);
}

static inline int media_vips_save_tiff(VipsImage *in, const char *path) {
    return vips_tiffsave(in, path, "strip", TRUE, "compression", VIPS_FOREIGN_TIFF_COMPRESSION_DEFLATE, NULL);
}
