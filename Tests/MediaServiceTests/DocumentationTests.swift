import Foundation
import MediaCore
import MediaTesting
import Testing

/// The pages about the interface, as nginx serves them.
struct DocumentationTests {
    private let instance: ServiceInstance

    init() throws { instance = try ServiceInstance() }

    @Test("pages and description are there for everybody, with nothing from elsewhere in them")
    func pages() throws {
        let client = instance.anonymous
        for (path, type, text) in [
            ("/openapi.yaml", "application/yaml", "openapi: 3.1"), ("/docs/", "text/html; charset=utf-8", "docs.js"),
            ("/docs/errors", "text/html; charset=utf-8", "precondition_failed"),
            ("/docs/docs.js", "text/javascript; charset=utf-8", "openapi.yaml"),
            ("/docs/swagger-ui/swagger-ui.css", "text/css; charset=utf-8", ".swagger-ui"),
        ] {
            let answer = try client.get(path)
            #expect(answer.status == 200 && answer["Content-Type"] == type && answer.text.contains(text), "\(path)")
            #expect(answer["Content-Security-Policy"]?.hasPrefix("default-src 'none'") == true, "\(path)")
            #expect(answer["X-Content-Type-Options"] == "nosniff" && answer["X-Request-Id"] != nil, "\(path)")
        }
        #expect(try client.get("/docs")["Location"]?.hasSuffix("/docs/") == true)
        try client.post("/docs/errors", .none).expectProblem(405, "method_not_allowed")
        for path in ["/docs/none", "/docs/../media.conf", "/docs/%2e%2e/media.conf", "/openapi.json"] {
            try client.get(path).expectProblem(404, "not_found")
        }
    }

    @Test("a problem's type leads to what is said of it")
    func catalogue() throws {
        let problem = try instance.anonymous.get("/v1/media")
        problem.expectProblem(401, "unauthenticated")
        let type = problem.json.text("type")
        #expect(type.hasPrefix(instance.baseURL))
        let fragment = try #require(type.split(separator: "#").last)
        #expect(try instance.anonymous.get(type).text.contains("id=\"\(fragment)\""))
        #expect(try instance.mediad("errors", String(fragment)).hasPrefix("401 unauthenticated"))
    }

    @Test("in a browser without the internet the page shows each operation")
    func browser() throws {
        let browser = try Browser()
        try browser.open("\(instance.baseURL)/docs/")
        let isShown = eventually {
            if case .integer(let count)? = try? browser.run("return document.querySelectorAll('.opblock').length") {
                return count >= 25
            }
            return false
        }
        let text = try browser.text()
        #expect(isShown && text.contains("/v1/rpc") && !text.contains("Failed to load"), "\(text.prefix(1000))")
    }
}
