import HTTPTypes
import MediaCore
import MediaHTTP
import MediaStorage

/// What nginx asks before it takes an upload's body in, so that a refused one costs no disk and no time.
enum UploadGate {
    /// `auth_request` knows 2xx, 401 and 403 only: every refusal is a 403 here, and `refusal` then says which.
    @Sendable static func check(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        do {
            try checkHead(request, context)
            return Response(status: .noContent)
        } catch {
            return Response(status: .forbidden)
        }
    }

    /// The answer to an upload that was not taken in: refused above, or nginx could not write its body.
    @Sendable static func refusal(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        context.environment.metrics.add(.uploadsRefused)
        try checkHead(request, context)
        try context.environment.storage.checkWritable()
        // Nothing is wrong with the request, and there is room by now; nginx's error log has what happened.
        throw Problem(
            .uploadFailed, "The upload could not be taken in. Try it again.",
            retryAfter: 10)
    }

    /// What the head of a request says already, as the operation that the upload is for would decide.
    private static func checkHead(_ request: Request, _ context: Context) throws {
        let check = CheckUpload(context: context)
        let caller = try request.caller(context)
        if let id = request.header("MEDIA_REPLACED"), !id.isEmpty {
            try check.replace(id, caller, length: request.contentLength)
        } else {
            let key = try request.idempotencyKey()
            try check.run(caller, length: request.contentLength, isRepeatable: key != nil)
        }
    }
}
