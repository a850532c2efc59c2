import HTTPTypes
import MediaCore
import MediaDatabase
import MediaHTTP

/// Resumable uploads at `/v1/uploads`, by the protocol tus 1.0 (https://tus.io/protocols/resumable-upload) with all of its
/// extensions.
enum Tus {
    static let version = "1.0.0"
    static let extensions =
        "creation,creation-with-upload,creation-defer-length,expiration,termination,concatenation,checksum"

    /// What is spoken here; for everybody.
    @Sendable static func options(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        try request.requireNoQuery()
        var response = Response(status: .noContent)
        response.fields[.tusVersion] = version
        response.fields[.tusExtension] = extensions
        response.fields[.tusMaxSize] = String(context.environment.configuration.number(.uploadBytes))
        response.fields[.tusChecksumAlgorithm] =
            UploadChecksum.Algorithm.allCases.map(\.rawValue).joined(separator: ",")
        return response
    }

    /// Begins an upload, and takes its first bytes if it brings any.
    @Sendable static func create(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        try answering(request, context) { caller in
            let creation = try TusCreation(request, caller, context)
            let bringsBytes = try request.mediaType() == contentType
            let checksum = try checksum(request)
            let uploads = ResumableUploads(context: context)
            let entry = try uploads.create(creation.order, parts: creation.parts, caller)
            var response = Response(status: .created)
            response.fields[.location] = url(entry.id, context)
            guard creation.order.kind == .final || bringsBytes else {
                describe(entry, &response)
                return response
            }
            do {
                describe(try fill(entry, request, checksum, caller, context), &response)
            } catch {
                // An error names no upload, so nobody could go on with it.
                try uploads.terminate(entry.id)
                throw error
            }
            return response
        }
    }

    /// What an upload has from the request that begins it.
    private static func fill(
        _ entry: ResumableUploadRepository.Entry, _ request: Request, _ checksum: UploadChecksum?, _ caller: Caller,
        _ context: Context
    ) throws -> ResumableUploadRepository.Entry {
        let uploads = ResumableUploads(context: context)
        var hold = try uploads.hold(entry.id)
        defer { uploads.release(hold.upload) }
        if entry.kind != .final {
            try ReceiveUpload(context: context).run(request, &hold, at: 0, length: nil, checksum: checksum)
        }
        try FinishUpload(context: context).run(&hold)
        return hold.entry
    }

    /// Where an upload's bytes end. Whoever is at it is ended first: its client asks because it has lost it.
    @Sendable static func head(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        try answering(request, context) { caller in
            let entry = try current(path["id"], caller, context)
            var response = Response(status: .ok)
            describe(entry, &response)
            return response
        }
    }

    /// The same as JSON, with what has become of it.
    @Sendable static func get(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        let entry = try ResumableUploads(context: context).find(path["id"], caller)
        return .json(json(entry, context))
    }

    private static func json(_ entry: ResumableUploadRepository.Entry, _ context: Context) -> JSON {
        let state = entry.mediaID != nil ? "FINISHED" : entry.failure != nil ? "FAILED" : "RECEIVING"
        return .object([
            .init("id", .string(entry.id.rawValue)), .init("url", .string(url(entry.id, context))),
            .init("status", .string(state)), .init("offset", .integer(entry.position)),
            .init("length", entry.length.map(JSON.integer) ?? .null), .init("userId", .string(entry.userID)),
            .init("originalName", entry.description["originalName"] ?? .null),
            .init("createdAt", .string(entry.createdAt.iso8601)), .init("expiresAt", .string(entry.expiresAt.iso8601)),
            .init("mediaId", JSON(entry.mediaID?.rawValue)), .init("failure", entry.failure ?? .null),
        ])
    }

    /// Brings bytes.
    @Sendable static func patch(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        try answering(request, context) { caller in
            guard try request.mediaType() == contentType else {
                throw Problem.unsupportedType("Content-Type", "must be \(contentType)")
            }
            guard let position = try number("Upload-Offset", request.header("HTTP_UPLOAD_OFFSET")) else {
                throw Problem.invalid("Upload-Offset", "must be given")
            }
            let length = try number("Upload-Length", request.header("HTTP_UPLOAD_LENGTH"))
            let checksum = try checksum(request)
            let uploads = ResumableUploads(context: context)
            let entry = try uploads.find(path["id"], caller)
            if let failure = entry.failure { throw FinishUpload.problem(failure) }
            var hold = try uploads.hold(entry.id)
            defer { uploads.release(hold.upload) }
            try ReceiveUpload(context: context).run(request, &hold, at: position, length: length, checksum: checksum)
            try FinishUpload(context: context).run(&hold)
            var response = Response(status: .noContent)
            describe(hold.entry, &response)
            return response
        }
    }

    /// Ends an upload and removes what has come of it.
    @Sendable static func delete(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        try answering(request, context) { caller in
            let uploads = ResumableUploads(context: context)
            try uploads.terminate(try uploads.find(path["id"], caller).id)
            return Response(status: .noContent)
        }
    }

    /// For clients that can't send other methods.
    @Sendable static func override(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        switch request.header("HTTP_X_HTTP_METHOD_OVERRIDE") {
        case "PATCH": return try patch(request, path, context)
        case "DELETE": return try delete(request, path, context)
        case "HEAD": return try head(request, path, context)
        default: throw Problem.invalid("X-HTTP-Method-Override", "must be PATCH, DELETE or HEAD")
        }
    }

    /// What each answer says, those to failed requests included.
    static func complete(_ response: inout Response) {
        response.fields[.tusResumable] = version
        if response.status == .preconditionFailed { response.fields[.tusVersion] = version }
    }

    // MARK: Parts

    private static let contentType = "application/offset+octet-stream"

    private static func answering(
        _ request: Request, _ context: Context, _ body: (Caller) throws -> Response
    ) throws -> Response {
        guard request.header("HTTP_TUS_RESUMABLE") == version else {
            throw Problem(
                .tusVersion, "Tus-Resumable: must be \(version)",
                errors: [.init("Tus-Resumable", "must be \(version)")])
        }
        let caller = try request.caller(context)
        if caller == .anonymous { throw AccessRefused(.unauthenticated, caller) }
        try request.requireNoQuery()
        return try body(caller)
    }

    /// An upload as it is, with all that is due done.
    private static func current(
        _ id: String, _ caller: Caller, _ context: Context
    ) throws -> ResumableUploadRepository.Entry {
        let uploads = ResumableUploads(context: context)
        let entry = try uploads.find(id, caller)
        if let failure = entry.failure { throw FinishUpload.problem(failure) }
        if entry.isEnded { return entry }
        var hold = try uploads.hold(entry.id)
        defer { uploads.release(hold.upload) }
        try FinishUpload(context: context).run(&hold)
        return hold.entry
    }

    private static func describe(_ entry: ResumableUploadRepository.Entry, _ response: inout Response) {
        response.fields[.uploadOffset] = String(entry.position)
        if let length = entry.length {
            response.fields[.uploadLength] = String(length)
        } else {
            response.fields[.uploadDeferLength] = "1"
        }
        switch entry.kind {
        case .whole, .fetched, .direct: break
        case .partial: response.fields[.uploadConcat] = "partial"
        case .final:
            let parts = entry.parts.map { "/v1/uploads/\($0)" }.joined(separator: " ")
            response.fields[.uploadConcat] = "final;\(parts)"
        }
        if let id = entry.mediaID {
            response.fields[.contentLocation] = "/v1/media/\(id)"
            response.fields[.mediaID] = id.rawValue
        } else {
            response.fields[.uploadExpires] = entry.expiresAt.httpDate
        }
    }

    private static func url(_ id: MediaID, _ context: Context) -> String {
        "\(context.environment.baseURL)/v1/uploads/\(id)"
    }

    private static func checksum(_ request: Request) throws(Problem) -> UploadChecksum? {
        guard let text = request.header("HTTP_UPLOAD_CHECKSUM") else { return nil }
        return try UploadChecksum(text)
    }

    static func number(_ name: String, _ text: String?) throws(Problem) -> Int64? {
        guard let text else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(text) else {
            throw .invalid(name, "must be a whole number of bytes")
        }
        return number
    }
}
