import MediaCore

/// What the answer with a file says of it.
struct DeliveryHeaders {
    let contentType: String
    var disposition: String
    var cacheControl: String
    /// With its dot, or empty: nginx takes a file's type from its extension.
    let fileExtension: String

    init(_ delivery: DeliverMedia.Delivery) {
        let file = delivery.file
        let type = FileType.stored(as: file.mimeType)
        let mimeType = type?.mimeType ?? "application/octet-stream"
        contentType = mimeType.hasPrefix("text/") ? "\(mimeType); charset=utf-8" : mimeType
        fileExtension = type.map { ".\($0.fileExtension)" } ?? ""
        disposition = ContentDisposition.header(
            isInline: delivery.downloadName == nil && type?.isInline ?? false,
            fileName: delivery.downloadName ?? file.originalName)
        // A browser may keep the file, and asks each time whether it may still show it.
        cacheControl = file.facts.isPublic ? "public, no-cache" : "private, no-cache"
    }
}
