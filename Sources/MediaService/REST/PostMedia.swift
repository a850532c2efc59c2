import HTTPTypes
import MediaCore
import MediaHTTP
import MediaStorage

/// `POST /v1/media`: one file as the body, or several as `multipart/form-data`.
///
/// nginx has written the body to a file; of a multipart body the parts are copied out of it in the kernel.
enum PostMedia {
    @Sendable static func handle(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        do {
            let caller = try request.caller(context)
            let once = try IdempotentRequest(request, caller, context)
            try CheckUpload(context: context).run(
                caller, length: request.contentLength, isReceived: true, isRepeatable: once.isKeyed)
            let (files, attributes) = try upload(request, caller, context)
            try Authorize.check(
                caller, .create(ownerID: attributes.userID ?? "", entity: attributes.entity))
            let operation = CreateMedia(context: context)
            let checked = try operation.check(files, caller.grant)
            return try once.run(
                content: { .array([attributes.identity] + checked.map(\.identity)) },
                operation: { try operation.run(checked, attributes, by: caller.name, alongside: $0) },
                answer: { answer($0, context) })
        } catch {
            context.environment.metrics.add(.uploadsRefused)
            throw error
        }
    }

    private static func answer(_ media: [Media], _ context: Context) -> Response {
        let baseURL = context.environment.baseURL
        guard media.count > 1 else {
            var response = Response.media(media[0], status: .created, context)
            response.fields[.location] = "\(baseURL)/v1/media/\(media[0].id)"
            return response
        }
        return .json(.object([.init("media", .array(media.map { $0.json(baseURL: baseURL) }))]), status: .created)
    }

    private static func upload(
        _ request: Request, _ caller: Caller, _ context: Context
    ) throws -> (files: [IncomingFile], attributes: MediaAttributes) {
        let type = try request.mediaType()
        let isForm = type == "multipart/form-data"
        // What is named wrongly in the query is said before the body is looked at.
        let query = try QueryParameters(request.query, allowed: isForm ? [] : MediaAttributes.names.union(["name"]))
        if isForm {
            let digests = try digests(request.header("HTTP_CONTENT_DIGEST"), "Content-Digest")
            let form = FormUpload(
                context: context, body: try body(request, context), contentType: request.contentType ?? "",
                caller: caller)
            return try form.read(digests)
        }
        let file = try rawFile(request, name: query["name"], default: nil, context)
        var texts: [String: String] = [:]
        for name in MediaAttributes.names { texts[name] = query[name] }
        let limit = context.environment.configuration.number(.metadataBytes)
        return ([file], try MediaAttributes(texts: texts, metadataLimit: limit, caller: caller))
    }

    /// The body that nginx has received.
    private static func body(_ request: Request, _ context: Context) throws -> StagedFile {
        guard let path = request.parameter("REQUEST_BODY_FILE"), !path.isEmpty else {
            throw Problem.invalid("body", "the file is empty")
        }
        let body = try adopt(path, context)
        if let announced = request.contentLength, announced != body.size {
            throw Problem.invalid("body", "\(body.size) bytes arrived where \(announced) were announced")
        }
        return body
    }

    /// - Throws: 503 where housekeeping has taken the body for abandoned and removed it while it arrived.
    private static func adopt(_ path: String, _ context: Context) throws -> StagedFile {
        let name = context.stagingName()
        do throws(StorageError) {
            return try context.environment.storage.adopt(incomingFile: path, as: name)
        } catch {
            if error.isAbsent { throw Ingest.overtaken }
            throw error
        }
    }

    /// The body as one file.
    ///
    /// - Parameters:
    ///   - name: as the query has it.
    ///   - default: what it is called where neither the query nor `Content-Disposition` says so; nil: they have to.
    static func rawFile(
        _ request: Request, name: String?, default: String?, _ context: Context
    ) throws -> IncomingFile {
        let type = try request.mediaType()
        if type == "multipart/form-data" {
            throw Problem.unsupportedType("Content-Type", "a form isn't read here: the body has to be the file itself")
        }
        let body = try body(request, context)
        let digests =
            try digests(request.header("HTTP_CONTENT_DIGEST"), "Content-Digest")
            + digests(request.header("HTTP_REPR_DIGEST"), "Repr-Digest")
        let field = "Content-Disposition"
        let disposition = try request.header("HTTP_CONTENT_DISPOSITION").map {
            try ParameterizedHeader($0, field: field)
        }
        guard let originalName = try name ?? disposition?.fileName(field: field) ?? `default` else {
            throw Problem.invalid("name", "must be given, as ?name= or in Content-Disposition")
        }
        return IncomingFile(
            staged: body, originalName: originalName, declaredType: type, digests: digests, field: "body",
            nameField: name == nil ? field : "name")
    }

    static func digests(_ value: String?, _ field: String) throws(Problem) -> [DigestField.Expectation] {
        guard let value else { return [] }
        return try DigestField.parse(value, field: field)
    }
}
