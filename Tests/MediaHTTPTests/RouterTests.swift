import HTTPTypes
import Testing

@testable import MediaHTTP

struct RouterTests {
    /// A router whose handlers answer with their context and all their parameters.
    private static func router(_ routes: [(HTTPRequest.Method, String)]) -> Router<String> {
        var router = Router<String>()
        for (method, path) in routes {
            router.on(method, path, name: "\(method.rawValue) \(path)") { _, parameters, context in
                let values = parameters.values.map { "\($0.name)=\($0.value)" }
                return Response(status: .ok, body: Array("\(context) \(values.joined(separator: ","))".utf8))
            }
        }
        return router
    }

    private static let media = router([
        (.get, "/"), (.get, "/v1/media"), (.post, "/v1/media"), (.get, "/v1/media/{id}"), (.delete, "/v1/media/{id}"),
        (.get, "/v1/media/search"), (.post, "/v1/media/search"), (.delete, "/v1/media/{id}/links/{link}"),
        (.put, "/only"),
    ])

    @Test(
        "finds the route by method and path",
        arguments: [
            (.get, [], "GET /"), (.get, ["v1", "media"], "GET /v1/media"), (.post, ["v1", "media"], "POST /v1/media"),
            (.get, ["v1", "media", "x"], "GET /v1/media/{id}"),
            (.delete, ["v1", "media", "x"], "DELETE /v1/media/{id}"),
            (.delete, ["v1", "media", "x", "links", "y"], "DELETE /v1/media/{id}/links/{link}"),
        ] as [(HTTPRequest.Method, [String], String)])
    func finds(method: HTTPRequest.Method, path: [String], name: String) throws {
        #expect(try Self.media.table.route(method, path).route.name == name)
    }

    @Test("the route that names most of the path is taken")
    func order() throws {
        #expect(try Self.media.table.route(.get, ["v1", "media", "search"]).route.name == "GET /v1/media/search")
        #expect(try Self.media.table.route(.post, ["v1", "media", "search"]).route.name == "POST /v1/media/search")
    }

    @Test("hands what the path has to the handler, as it is", arguments: ["x", "{id}", "é/../a", "links", " "])
    func parameters(value: String) throws {
        let (route, parameters) = try Self.media.table.route(.delete, ["v1", "media", value, "links", "7"])
        #expect(parameters["id"] == value)
        #expect(parameters["link"] == "7")
        let request = try Request(source: FakeRequestSource(["REQUEST_METHOD": "DELETE"]), id: "-")
        let response = try Self.media.handlers[route.index](request, parameters, "context")
        #expect(response.body == Array("context id=\(value),link=7".utf8))
    }

    @Test("HEAD is answered by what answers GET, and only that")
    func head() throws {
        #expect(try Self.media.table.route(.head, ["v1", "media", "x"]).route.method == .get)
        let error = try #require(throws: HTTPError.self) { try Self.media.table.route(.head, ["only"]) }
        #expect(error.kind == .methodNotAllowed)
        let own = Self.router([(.head, "/a"), (.get, "/a")])
        #expect(try own.table.route(.head, ["a"]).route.method == .head)
        #expect(try own.table.route(.get, ["a"]).route.method == .get)
    }

    @Test(
        "404 where no route has the path",
        arguments: [
            ["v1"], ["v1", "media", "x", "y"], ["V1", "media"], ["v1", "{id}"], [""], ["v1", "media", "x", ""],
        ])
    func notFound(path: [String]) throws {
        let error = try #require(throws: HTTPError.self) { try Self.media.table.route(.get, path) }
        #expect(error.kind == .notFound)
        #expect(error.allow.isEmpty)
    }

    @Test(
        "405 names the methods of the path, each once",
        arguments: [
            (["v1", "media"], [.get, .head, .post]), (["v1", "media", "x"], [.get, .head, .delete]), (["only"], [.put]),
            // What the pattern with a parameter takes isn't the other's.
            (["v1", "media", "search"], [.get, .head, .post]),
        ] as [([String], [HTTPRequest.Method])])
    func methodNotAllowed(path: [String], allow: [HTTPRequest.Method]) throws {
        let error = try #require(throws: HTTPError.self) { try Self.media.table.route(.patch, path) }
        #expect(error.kind == .methodNotAllowed)
        #expect(error.reason == "PATCH isn't possible here")
        #expect(error.allow == allow)
    }

    @Test("counts routes in the order of registration")
    func indices() {
        #expect(Self.media.table.routes.map(\.index) == Array(0..<9))
        #expect(Self.media.table.routes.map(\.name).first == "GET /")
        #expect(Router<Void>().table.routes.isEmpty)
    }

    @Test("a router without routes answers 404")
    func empty() throws {
        let error = try #require(throws: HTTPError.self) { try Router<Void>().table.route(.get, []) }
        #expect(error.kind == .notFound)
    }
}
