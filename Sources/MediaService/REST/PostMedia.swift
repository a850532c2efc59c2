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
            try CheckUpload(context: context).run(caller, length: request.contentLength, isReceived: true)
            let (files, attributes) = try upload(request, caller, context)
            try Authorize.check(
                caller, .create(ownerID: attributes.userID ?? "", entity: attributes.entity))
            let media = try CreateMedia(context: context).run(files, attributes)
            return answer(media, context)
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
        let type = try request.contentType.map { try ParameterizedHeader($0, field: "Content-Type").value }
        let isForm = type == "multipart/form-data"
        // What is named wrongly in the query is said before the body is looked at.
        let query = try QueryParameters(request.query, allowed: isForm ? [] : MediaAttributes.names.union(["name"]))
        guard let bodyFile = request.parameter("REQUEST_BODY_FILE"), !bodyFile.isEmpty else {
            throw Problem.invalid("body", "the file is empty")
        }
        let body = try context.environment.storage.adopt(incomingFile: bodyFile, as: stagingName(context))
        if let announced = request.contentLength, announced != body.size {
            throw Problem.invalid("body", "\(body.size) bytes arrived where \(announced) were announced")
        }
        let contentDigests = try digests(request.header("HTTP_CONTENT_DIGEST"), "Content-Digest")
        if isForm {
            return try FormUpload(context: context, body: body, contentType: request.contentType ?? "", caller: caller)
                .read(contentDigests)
        }
        let digests = try contentDigests + digests(request.header("HTTP_REPR_DIGEST"), "Repr-Digest")
        return try rawUpload(request, query, type, body, digests, caller, context)
    }

    private static func rawUpload(
        _ request: Request, _ query: QueryParameters, _ type: String?, _ body: StagedFile,
        _ digests: [DigestField.Expectation], _ caller: Caller, _ context: Context
    ) throws -> (files: [IncomingFile], attributes: MediaAttributes) {
        let field = "Content-Disposition"
        let disposition = try request.header("HTTP_CONTENT_DISPOSITION").map {
            try ParameterizedHeader($0, field: field)
        }
        guard let name = try query["name"] ?? disposition?.fileName(field: field) else {
            throw Problem.invalid("name", "must be given, as ?name= or in Content-Disposition")
        }
        var texts: [String: String] = [:]
        for name in MediaAttributes.names { texts[name] = query[name] }
        let attributes = try MediaAttributes(
            texts: texts, metadataLimit: context.environment.configuration.number(.metadataBytes), caller: caller)
        let file = IncomingFile(
            staged: body, originalName: name, declaredType: type, digests: digests, field: "body",
            nameField: query["name"] == nil ? field : "name")
        return ([file], attributes)
    }

    static func digests(_ value: String?, _ field: String) throws(Problem) -> [DigestField.Expectation] {
        guard let value else { return [] }
        return try DigestField.parse(value, field: field)
    }

    /// A name in the staging folder that no other request has.
    static func stagingName(_ context: Context) -> String {
        MediaID(now: context.now(), using: &context.random).rawValue
    }
}
