import MediaCore
import MediaDatabase
import MediaHTTP

/// What a request says that begins an upload.
struct TusCreation {
    let order: ResumableUploads.Order
    /// The uploads that a final one is put together from.
    let parts: [MediaID]

    /// How many parts one file may have: as many as a header field holds.
    private static let maxParts = 400
    /// As clients send them: `filename` and `filetype` are what most of them use.
    private static let names = MediaAttributes.names.union(["filename", "name", "filetype", "type"])

    init(_ request: Request, _ caller: Caller, _ context: Context) throws {
        let (kind, parts) = try Self.concat(request.header("HTTP_UPLOAD_CONCAT"))
        self.parts = parts
        var length = try Tus.number("Upload-Length", request.header("HTTP_UPLOAD_LENGTH"))
        let isDeferred = request.header("HTTP_UPLOAD_DEFER_LENGTH")
        if let isDeferred, isDeferred != "1" { throw Problem.invalid("Upload-Defer-Length", "must be 1") }
        if kind == .final {
            guard length == nil, isDeferred == nil else {
                throw Problem.invalid("Upload-Length", "a final upload's is that of its parts")
            }
            length = try Self.length(of: parts, caller, context)
        } else if (length == nil) == (isDeferred == nil) {
            throw Problem.invalid("Upload-Length", "must be given, or Upload-Defer-Length: 1 in its place")
        }
        let values = try Self.metadata(request.header("HTTP_UPLOAD_METADATA") ?? "")
        let limit = context.environment.configuration.number(.metadataBytes)
        // What a part is called is nobody's concern.
        let name = values["filename"] ?? values["name"] ?? (kind == .partial ? "part" : nil)
        guard let name else { throw Problem.invalid("Upload-Metadata", "filename must be given") }
        order = ResumableUploads.Order(
            kind: kind, length: length, originalName: name,
            type: (values["filetype"] ?? values["type"]).flatMap { $0.isEmpty ? nil : $0 },
            attributes: try MediaAttributes(
                texts: values.filter { MediaAttributes.names.contains($0.key) }, metadataLimit: limit, caller: caller),
            grant: caller.grant)
    }

    private static func metadata(_ text: String) throws -> [String: String] {
        let values: [String: String]
        do throws(UploadMetadata.Failure) {
            values = try UploadMetadata.parse(text)
        } catch {
            throw Problem.invalid("Upload-Metadata", error.reason)
        }
        // Clients add what others may want to know (relativePath, caption); it is passed over.
        return values.filter { names.contains($0.key) }
    }

    private static func concat(
        _ text: String?
    ) throws(Problem) -> (ResumableUploadRepository.Entry.Kind, [MediaID]) {
        guard let text else { return (.whole, []) }
        if text == "partial" { return (.partial, []) }
        let fault = Problem.invalid("Upload-Concat", "must be 'partial', or 'final;' and up to \(maxParts) uploads")
        guard text.hasPrefix("final;") else { throw fault }
        var parts: [MediaID] = []
        for url in text.dropFirst("final;".count).split(separator: " ") {
            guard let id = url.split(separator: "/").last.flatMap({ MediaID(String($0)) }), parts.count < maxParts,
                !parts.contains(id)
            else { throw fault }
            parts.append(id)
        }
        guard !parts.isEmpty else { throw fault }
        return (.final, parts)
    }

    private static func length(of parts: [MediaID], _ caller: Caller, _ context: Context) throws -> Int64 {
        let uploads = ResumableUploads(context: context)
        return try parts.reduce(0) { sum, id in
            let part = try uploads.find(id.rawValue, caller)
            guard part.kind == .partial, part.isComplete else {
                throw Problem.invalid("Upload-Concat", "upload \(id) is no part, or not complete")
            }
            return sum + part.position
        }
    }
}
