import HTTPTypes
import Logging
import MediaCore
import MediaDatabase
package import MediaHTTP
import MediaStorage

/// From a request to its answer: finds the route, runs it, turns what it throws into problem details, counts and logs.
package struct Application: Sendable {
    private let router: Router<Context>

    package init() {
        var router = Router<Context>()
        router.on(.get, "/m/{id}", name: "download", handler: GetFile.handle)
        router.on(.get, "/m/{id}/{variant}", name: "download_variant", handler: GetFile.handle)
        router.on(.get, "/v1/media", name: "list_media", handler: ListMedia.all)
        router.on(.post, "/v1/media", name: "create_media", handler: PostMedia.handle)
        router.on(.get, "/v1/media/{id}", name: "get_media", handler: GetMedia.handle)
        router.on(.patch, "/v1/media/{id}", name: "update_media", handler: PatchMedia.handle)
        router.on(.delete, "/v1/media/{id}", name: "delete_media", handler: DeleteMedia.handle)
        router.on(.post, "/v1/media/{id}/restore", name: "restore_media", handler: DeleteMedia.restore)
        router.on(.put, "/v1/media/{id}/file", name: "replace_file", handler: Versions.replace)
        router.on(.get, "/v1/media/{id}/processing", name: "get_processing", handler: Processing.get)
        router.on(.post, "/v1/media/{id}/processing", name: "process_again", handler: Processing.again)
        router.on(.post, "/v1/media/{id}/variants", name: "order_variant", handler: Processing.order)
        router.on(.put, "/v1/media/{id}/captions/{language}", name: "put_captions", handler: Captions.put)
        router.on(.delete, "/v1/media/{id}/captions/{language}", name: "delete_captions", handler: Captions.delete)
        router.on(.get, "/v1/media/{id}/versions", name: "list_versions", handler: Versions.list)
        router.on(
            .post, "/v1/media/{id}/versions/{version}/restore", name: "restore_version", handler: Versions.restore)
        router.on(.delete, "/v1/media/{id}/versions/{version}", name: "delete_version", handler: Versions.delete)
        router.on(.get, "/v1/users/{id}/usage", name: "get_usage", handler: GetUsage.handle)
        router.on(.post, "/v1/media/bulk", name: "bulk_media", handler: BulkMedia.handle)
        router.on(.get, "/v1/users/{id}/media", name: "list_user_media", handler: ListMedia.ofUser)
        router.on(.get, "/v1/entities/{type}/{id}/media", name: "list_entity_media", handler: ListMedia.ofEntity)
        router.on(.get, "/v1/media/{id}/references", name: "list_references", handler: References.list)
        router.on(.put, "/v1/media/{id}/references/{type}/{entityId}", name: "add_reference", handler: References.add)
        router.on(
            .delete, "/v1/media/{id}/references/{type}/{entityId}", name: "remove_reference", handler: References.remove
        )
        router.on(.post, "/v1/entities/{type}/{id}/clone", name: "clone_entity", handler: References.clone)
        router.on(.post, "/v1/links", name: "create_links", handler: Links.createMany)
        router.on(.post, "/v1/media/{id}/links", name: "create_link", handler: Links.create)
        router.on(.get, "/v1/media/{id}/links", name: "list_links", handler: Links.list)
        router.on(.delete, "/v1/media/{id}/links", name: "revoke_links", handler: Links.revokeAll)
        router.on(.delete, "/v1/media/{id}/links/{linkId}", name: "revoke_link", handler: Links.revoke)
        router.on(.post, "/v1/upload-tokens", name: "create_upload_token", handler: UploadTokens.create)
        router.on(.options, "/v1/uploads", name: "uploads_options", handler: Tus.options)
        router.on(.post, "/v1/uploads", name: "create_upload", handler: Tus.create)
        router.on(.options, "/v1/uploads/{id}", name: "upload_options", handler: Tus.options)
        router.on(.head, "/v1/uploads/{id}", name: "find_upload", handler: Tus.head)
        router.on(.get, "/v1/uploads/{id}", name: "get_upload", handler: Tus.get)
        router.on(.patch, "/v1/uploads/{id}", name: "continue_upload", handler: Tus.patch)
        router.on(.delete, "/v1/uploads/{id}", name: "end_upload", handler: Tus.delete)
        router.on(.post, "/v1/uploads/{id}", name: "override_upload", handler: Tus.override)
        router.on(.post, "/v1/uploads/direct", name: "create_direct_upload", handler: DirectUploadRequests.create)
        router.on(.get, "/v1/uploads/direct/{id}", name: "get_direct_upload", handler: DirectUploadRequests.get)
        router.on(
            .post, "/v1/uploads/direct/{id}/complete", name: "complete_direct_upload",
            handler: DirectUploadRequests.complete)
        router.on(.delete, "/v1/uploads/direct/{id}", name: "end_direct_upload", handler: DirectUploadRequests.delete)
        router.on(.post, "/v1/imports", name: "create_import", handler: Imports.create)
        router.on(.get, "/v1/imports/{id}", name: "get_import", handler: Imports.get)
        router.on(.delete, "/v1/imports/{id}", name: "end_import", handler: Imports.delete)
        router.on(.post, "/v1/rpc", name: "rpc", handler: PostRPC.handle)
        router.on(.get, "/healthz", name: "healthz", handler: Health.alive)
        router.on(.get, "/readyz", name: "readyz", handler: Health.ready)
        // Only nginx asks for these, from locations that are internal.
        router.on(.get, "/_public/{id}", name: "public_file", handler: GetFile.publicFile)
        router.on(.get, "/_decision/{id}", name: "decide_download", handler: GetFile.decide)
        router.on(.get, "/_decision/{id}/{variant}", name: "decide_variant", handler: GetFile.decide)
        router.on(.get, "/_upload/check", name: "check_upload", handler: UploadGate.check)
        router.on(.get, "/_upload/refusal", name: "refuse_upload", handler: UploadGate.refusal)
        let names = router.table.routes.map(\.name) + ["metrics", "none"]
        router.on(.get, "/metrics", name: "metrics") { _, _, context in
            Response(
                status: .ok, contentType: "text/plain; version=0.0.4; charset=utf-8",
                body: Array(context.environment.metrics.text(routes: names).utf8))
        }
        self.router = router
    }

    package var routes: [RouteTable.Route] { router.table.routes }

    /// Answers one request on the thread that owns `context`.
    package func respond(to request: Request, _ context: Context) -> Response {
        let start = ContinuousClock.now
        context.requestID = request.id
        context.clientAddress = request.header("REMOTE_ADDR") ?? ""
        context.target = (request.method.rawValue, request.path)
        var route = router.handlers.count
        var response: Response
        do {
            let (found, parameters) = try router.table.route(request.method, request.path)
            route = found.index
            response = try router.handlers[route](request, parameters, context)
        } catch {
            response = answer(to: error, request, context)
        }
        // An answer that leads nginx on says nothing that the one before it hasn't.
        if !response.fields.contains(.cacheControl), !response.fields.contains(.xAccelRedirect) {
            response.fields[.cacheControl] = "no-store"
        }
        if request.path.count > 1, request.path[1] == "uploads", request.path.dropFirst(2).first != "direct" {
            Tus.complete(&response)
        }
        let (seconds, attoseconds) = start.duration(to: .now).components
        context.environment.metrics.addRequest(
            route: route, status: response.status.code,
            microseconds: Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000))
        return response
    }

    private func answer(to error: any Error, _ request: Request, _ context: Context) -> Response {
        let problem = ProblemMapping.problem(for: error, context)
        guard request.path.first == "m" else { return Self.problem(problem, error, request.id, context.environment) }
        // A permalink is also what people click on.
        var response =
            ErrorPage.isWanted(request.header("HTTP_ACCEPT"))
            ? Self.complete(ErrorPage.response(problem, requestID: request.id), problem, error)
            : Self.problem(problem, error, request.id, context.environment)
        response.fields[.vary] = "Accept"
        return response
    }

    /// A problem as an answer.
    static func problem(
        _ problem: Problem, _ error: any Error, _ requestID: String, _ environment: Environment
    ) -> Response {
        let response = Response(
            status: HTTPResponse.Status(code: problem.status), contentType: "application/problem+json",
            body: problem.json(baseURL: environment.baseURL, requestID: requestID).bytes)
        return complete(response, problem, error)
    }

    /// The fields that belong to a problem, in whatever form it is said.
    private static func complete(_ response: Response, _ problem: Problem, _ error: any Error) -> Response {
        var response = response
        response.fields[.cacheControl] = "no-store"
        if let retryAfter = problem.retryAfter { response.fields[.retryAfter] = String(retryAfter) }
        if problem.status == 401 { response.fields[.wwwAuthenticate] = "Bearer realm=\"media\"" }
        if let error = error as? HTTPError, !error.allow.isEmpty {
            response.fields[.allow] = error.allow.map(\.rawValue).joined(separator: ", ")
        }
        return response
    }
}
