import HTTPTypes
import MediaCore
import MediaHTTP
import MediaStorage

/// `GET /m/{id}`: the permalink. nginx sends the file; ranges and conditions are nginx's (RFC 9110 §13, §14).
enum GetFile {
    @Sendable static func handle(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let file = try DeliverMedia(context: context).run(path["id"], request.caller(context))
        let type = FileType.stored(as: file.mimeType)
        let disposition = ContentDisposition.header(isInline: type?.isInline ?? false, fileName: file.originalName)
        var contentType = type?.mimeType ?? "application/octet-stream"
        if contentType.hasPrefix("text/") { contentType += "; charset=utf-8" }
        var response = Response(status: .ok)
        let location = "/_objects/\(LocalStorage.objectName(file.sha256))"
        response.fields[.xAccelRedirect] = location
        response.fields[.contentType] = contentType
        response.fields[.contentDisposition] = disposition
        // A browser may keep the file, and asks each time whether it may still show it.
        response.fields[.cacheControl] = file.isPublic ? "public, no-cache" : "private, no-cache"
        return response
    }
}
