import CVips

/// An image of libvips.
@safe
final class Picture {
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    let image: UnsafeMutablePointer<VipsImage>

    private init(_ image: UnsafeMutablePointer<VipsImage>) { unsafe self.image = image }

    deinit { unsafe media_vips_release(image) }

    /// The file's head; nothing is decoded yet.
    convenience init(path: String) throws(Failure) {
        guard let image = unsafe media_vips_open(path) else { throw Self.failure }
        unsafe self.init(image)
    }

    /// What an operation makes.
    @safe static func make(
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<VipsImage>?>) -> Int32
    ) throws(Failure) -> Picture {
        var result: UnsafeMutablePointer<VipsImage>?
        guard unsafe body(&result) == 0, let result = unsafe result else { throw failure }
        return unsafe Picture(result)
    }

    static func check(_ result: Int32) throws(Failure) {
        guard result == 0 else { throw failure }
    }

    private static var failure: Failure {
        let text = unsafe String(cString: vips_error_buffer())
        vips_error_clear()
        return Failure(text.split { $0 == "\n" }.suffix(3).joined(separator: "; "))
    }

    /// Decoded, once.
    func inMemory() throws(Failure) -> Picture {
        guard let copy = unsafe media_vips_copy_memory(image) else { throw Self.failure }
        return unsafe Picture(copy)
    }

    var width: Int { unsafe Int(vips_image_get_width(image)) }
    /// Of all frames together.
    var totalHeight: Int { unsafe Int(vips_image_get_height(image)) }
    var frames: Int { unsafe max(1, Int(media_vips_pages(image))) }
    var bands: Int { unsafe Int(vips_image_get_bands(image)) }
    var hasAlpha: Bool { unsafe vips_image_hasalpha(image) != 0 }

    func text(_ field: String) -> String? {
        guard let text = unsafe media_vips_text(image, field) else { return nil }
        defer { unsafe g_free(text) }
        return unsafe String(cString: text)
    }

    func integer(_ field: String) -> Int? { text(field).flatMap { Int($0) } }

    func blob(_ field: String) -> [UInt8]? {
        var data: UnsafeRawPointer?
        var length = 0
        guard unsafe media_vips_blob(image, field, &data, &length) == 0, let data = unsafe data else { return nil }
        return unsafe Array(UnsafeRawBufferPointer(start: data, count: length))
    }

    var fields: [String] {
        guard let names = unsafe vips_image_get_fields(image) else { return [] }
        defer { unsafe g_strfreev(names) }
        var found: [String] = []
        var index = 0
        while let name = unsafe names[index] {
            unsafe found.append(String(cString: name))
            index += 1
        }
        return found
    }

    /// Without metadata, which libvips 8.14 writes into WebP although it is told not to.
    func bare() throws(Failure) -> Picture {
        let copy = try Self.make { unsafe media_vips_copy(image, $0) }
        let kinds = ["exif-", "xmp-", "iptc-", "photoshop-", "icc-", "png-comment", "gif-comment", "jpeg-thumbnail"]
        for field in fields where kinds.contains(where: { field.hasPrefix($0) }) {
            _ = unsafe media_vips_remove(copy.image, field)
        }
        return copy
    }

    /// All pixels' bytes, row by row.
    func bytes() throws(Failure) -> [UInt8] {
        var length = 0
        guard let bytes = unsafe media_vips_bytes(image, &length) else { throw Self.failure }
        defer { unsafe g_free(bytes) }
        return unsafe Array(UnsafeRawBufferPointer(start: bytes, count: length))
    }
}
