import HTTPTypes
import MediaCore
import MediaDatabase
import MediaHTTP
import MediaStorage

/// `GET /m/{id}`: the permalink. nginx sends the file; ranges and conditions are nginx's (RFC 9110 §13, §14).
///
/// Where nginx may reuse decisions it asks `/_decision/{id}` first and gets here only with what that refused.
enum GetFile {
    @Sendable static func handle(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        var order = try order(request, path, context)
        order.makes = true
        let delivery = try DeliverMedia(context: context).run(order)
        var response = try send(delivery.file, DeliveryHeaders(delivery), request, context)
        if delivery.variesByAccept { response.fields[.mediaVary] = "Accept" }
        return response
    }

    /// `GET /p/{id}/{name}` of a public file that lies elsewhere: nginx asks for it where it finds no link.
    @Sendable static func publicFile(
        _ request: Request, _ path: PathParameters, _ context: Context
    ) throws -> Response {
        guard context.environment.stores.hasOthers, let id = MediaID(path["id"]),
            let media = try MediaRepository(context.connection).find(id), media.isPublished,
            let name = request.header("MEDIA_PUBLIC_NAME"),
            var file = try MediaRepository(context.connection).findFile(id)
        else { throw Problem(.notFound, "There is nothing here.") }
        if media.publicName == name {
            if let shown = media.shownSHA256 { file.location = .stored(sha256: shown) }
        } else {
            guard media.variants.contains(where: { $0.fileName == name }),
                let entry = try VariantRepository(context.connection).all(of: id).first(where: {
                    $0.variant.fileName == name && !$0.isHidden
                })
            else { throw Problem(.notFound, "There is nothing here.") }
            file.mimeType = entry.variant.mimeType
            file.location = .stored(sha256: entry.sha256)
        }
        var headers = DeliveryHeaders(DeliverMedia.Delivery(file: file, lifetime: 0))
        // As nginx has it for those that are here.
        headers.cacheControl = request.header("MEDIA_PUBLIC_CACHE") ?? headers.cacheControl
        headers.disposition = headers.disposition.hasPrefix("inline") ? "inline" : "attachment"
        return try send(file, headers, request, context)
    }

    private static func send(
        _ file: MediaFile, _ headers: DeliveryHeaders, _ request: Request, _ context: Context
    ) throws -> Response {
        let sha256: String
        switch file.location {
        case .stored(let hash): sha256 = hash
        case .outside(let url): return redirect(to: url, headers)
        }
        let failed = request.header("MEDIA_FAILED_STORE")
        let target = try LocateBlob(context: context).run(
            sha256, headers, isPublic: file.facts.isPublic, failed: failed)
        var response = Response(status: .ok)
        switch target {
        case .here(let name): response.fields[.xAccelRedirect] = "/_objects/\(name)"
        case .inside(let uri): response.fields[.xAccelRedirect] = uri
        case .outside(let url):
            // It holds for minutes only.
            return redirect(to: url, headers, cacheControl: "no-store")
        }
        if failed != nil {
            // What the answer before has said stays, but for the type; what a decision has said nginx adds, but for files here.
            let isDecided = request.header("MEDIA_DECIDED_TYPE") != nil
            if case .inside = target, isDecided { return response }
            response.fields[.contentType] = headers.contentType
            if !isDecided { return response }
        }
        response.fields[.contentType] = headers.contentType
        response.fields[.contentDisposition] = headers.disposition
        response.fields[.cacheControl] = headers.cacheControl
        return response
    }

    /// The same decision for nginx alone: what to send, and for how long it may be sent again without asking.
    @Sendable static func decide(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let delivery: DeliverMedia.Delivery
        do {
            delivery = try DeliverMedia(context: context).run(order(request, path, context))
        } catch is AccessRefused {
            // nginx asks for the permalink itself then, whose answer says it, and which counts and logs it.
            return Response(status: .forbidden)
        }
        // Where to go, the answer to the permalink itself says.
        guard case .stored(let sha256) = delivery.file.location else { return Response(status: .forbidden) }
        let headers = DeliveryHeaders(delivery)
        let target = try LocateBlob(context: context).run(sha256, headers, isPublic: delivery.file.facts.isPublic)
        var response = Response(status: .noContent)
        switch target {
        case .here(let name): response.fields[.mediaFile] = "/_file/\(name)\(headers.fileExtension)"
        case .inside(let uri):
            response.fields[.mediaFile] = uri
            response.fields[.mediaType] = headers.contentType
        case .outside: return Response(status: .forbidden)
        }
        response.fields[.mediaDisposition] = headers.disposition
        if delivery.variesByAccept { response.fields[.mediaVary] = "Accept" }
        response.fields[.mediaCacheControl] = headers.cacheControl
        response.fields[.xAccelExpires] = String(delivery.lifetime)
        return response
    }

    /// To the file of a record that points outside (RFC 9110 §15.4.3).
    private static func redirect(
        to url: String, _ headers: DeliveryHeaders, cacheControl: String? = nil
    ) -> Response {
        var response = Response(status: .found)
        response.fields[.location] = url
        response.fields[.cacheControl] = cacheControl ?? headers.cacheControl
        return response
    }

    private static func order(
        _ request: Request, _ path: PathParameters, _ context: Context
    ) throws -> DeliverMedia.Order {
        let id = path["id"]
        let mediaID = MediaID(id)
        let link = link(request.query, mediaID)
        let caller = try Authenticate.deliveryCaller(
            authorization: request.header("HTTP_AUTHORIZATION"), cookie: request.header("MEDIA_TOKEN"),
            downloading: link == nil ? mediaID : nil, context)
        return DeliverMedia.Order(
            id: id, mediaID: mediaID, variant: path.optional("variant"),
            accepts: Set((request.header("MEDIA_ACCEPT") ?? "").split(separator: " ").map(String.init)), caller: caller,
            link: link, address: request.header("REMOTE_ADDR") ?? "",
            takesUse: request.header("MEDIA_METHOD") != "HEAD")
    }

    /// A query that isn't a link's, or was tampered with, shows no right; what it says is not answered.
    private static func link(_ query: String, _ id: MediaID?) -> (link: SignedLink, signature: [UInt8])? {
        guard !query.isEmpty, let id,
            let parameters = try? QueryParameters(query, allowed: SignedLink.parameterNames)
        else { return nil }
        return SignedLink.parse(mediaID: id) { parameters[$0] }
    }
}
