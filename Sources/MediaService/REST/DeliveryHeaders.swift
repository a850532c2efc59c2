import MediaCore

/// What the answer with a file says of it.
struct DeliveryHeaders {
    let contentType: String
    var disposition: String
    var cacheControl: String
    /// With its dot, or empty: nginx takes a file's type from its extension.
    var fileExtension: String { ending.map { ".\($0)" } ?? "" }

    private let ending: String?

    init(_ delivery: DeliverMedia.Delivery) {
        let file = delivery.file
        let type = FileType.stored(as: file.mimeType)
        contentType = type?.contentType ?? "application/octet-stream"
        ending = type?.fileExtension
        disposition = ContentDisposition.header(
            isInline: delivery.downloadName == nil && type?.isInline ?? false,
            fileName: delivery.downloadName ?? file.originalName)
        // A browser may keep the file, and asks each time whether it may still show it.
        cacheControl = file.facts.isPublic ? "public, no-cache" : "private, no-cache"
    }
}
