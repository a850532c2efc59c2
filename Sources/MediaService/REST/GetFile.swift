import HTTPTypes
import MediaCore
import MediaHTTP
import MediaStorage

/// `GET /m/{id}`: the permalink. nginx sends the file; ranges and conditions are nginx's (RFC 9110 §13, §14).
///
/// Where nginx may reuse decisions it asks `/_decision/{id}` first and gets here only with what that refused.
enum GetFile {
    @Sendable static func handle(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let delivery = try DeliverMedia(context: context).run(order(request, path["id"], context))
        let headers = DeliveryHeaders(delivery)
        let sha256: String
        switch delivery.file.location {
        case .stored(let hash): sha256 = hash
        case .outside(let url): return redirect(to: url, headers)
        }
        var response = Response(status: .ok)
        response.fields[.xAccelRedirect] = "/_objects/\(LocalStorage.objectName(sha256))"
        response.fields[.contentType] = headers.contentType
        response.fields[.contentDisposition] = headers.disposition
        response.fields[.cacheControl] = headers.cacheControl
        return response
    }

    /// The same decision for nginx alone: what to send, and for how long it may be sent again without asking.
    @Sendable static func decide(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let delivery: DeliverMedia.Delivery
        do {
            delivery = try DeliverMedia(context: context).run(order(request, path["id"], context))
        } catch is AccessRefused {
            // nginx asks for the permalink itself then, whose answer says it, and which counts and logs it.
            return Response(status: .forbidden)
        }
        // Where to go, the answer to the permalink itself says.
        guard case .stored(let sha256) = delivery.file.location else { return Response(status: .forbidden) }
        let headers = DeliveryHeaders(delivery)
        var response = Response(status: .noContent)
        response.fields[.mediaFile] = LocalStorage.objectName(sha256) + headers.fileExtension
        response.fields[.mediaDisposition] = headers.disposition
        response.fields[.mediaCacheControl] = headers.cacheControl
        response.fields[.xAccelExpires] = String(delivery.lifetime)
        return response
    }

    /// To the file of a record that points outside (RFC 9110 §15.4.3).
    private static func redirect(to url: String, _ headers: DeliveryHeaders) -> Response {
        var response = Response(status: .found)
        response.fields[.location] = url
        response.fields[.cacheControl] = headers.cacheControl
        return response
    }

    private static func order(
        _ request: Request, _ id: String, _ context: Context
    ) throws -> DeliverMedia.Order {
        let caller = try Authenticate.deliveryCaller(
            authorization: request.header("HTTP_AUTHORIZATION"), cookie: request.header("MEDIA_TOKEN"), context)
        return DeliverMedia.Order(
            id: id, caller: caller, link: link(request.query, id), address: request.header("REMOTE_ADDR") ?? "",
            takesUse: request.header("MEDIA_METHOD") != "HEAD")
    }

    /// A query that isn't a link's, or was tampered with, shows no right; what it says is not answered.
    private static func link(_ query: String, _ id: String) -> (link: SignedLink, signature: [UInt8])? {
        guard !query.isEmpty, let id = MediaID(id),
            let parameters = try? QueryParameters(query, allowed: SignedLink.parameterNames)
        else { return nil }
        return SignedLink.parse(mediaID: id) { parameters[$0] }
    }
}
