import MediaCore
import Testing

struct ProblemTests {
    @Test(
        "each common problem has its status, code and words",
        arguments: [
            (.invalid("size", "must not be negative"), 400, "invalid_request", "size: must not be negative"),
            (
                .invalid([.init("a", "is missing"), .init("b", "must be a string")]), 400, "invalid_request",
                "a: is missing; b: must be a string"
            ),
            (.unauthenticated("No key."), 401, "unauthenticated", "No key."),
            (.forbidden("No scope."), 403, "forbidden", "No scope."),
            (.mediaNotFound("c123"), 404, "not_found", "Media with ID c123 not found"),
            (
                .tooLarge("file", limit: 1024, "is too large"), 413, "too_large",
                "file: is too large (the limit is 1024 bytes)"
            ),
            (.unsupportedType("file", "is HTML"), 415, "unsupported_media_type", "file: is HTML"),
            (.unavailable("No database."), 503, "unavailable", "No database."),
            (
                .insufficientStorage, 507, "insufficient_storage", "The store has no room for this file."
            ),
        ] as [(Problem, Int, String, String)])
    func common(problem: Problem, status: Int, code: String, detail: String) {
        #expect(problem.status == status)
        #expect(problem.code.rawValue == code)
        #expect(problem.detail == detail)
    }

    @Test("bad input names the field and the reason")
    func fields() {
        #expect(Problem.invalid("size", "must be a number").errors == [.init("size", "must be a number")])
        #expect(
            Problem.tooLarge("file", limit: 5, "is too large").errors
                == [.init("file", "is too large (the limit is 5 bytes)")])
        #expect(Problem.unsupportedType("file", "is HTML").errors == [.init("file", "is HTML")])
        #expect(Problem.mediaNotFound("x").errors == [])
    }

    @Test("only what may pass by itself says when to try again")
    func retryAfter() {
        #expect(Problem.unavailable("x").retryAfter == 5)
        #expect(Problem.unavailable("x", retryAfter: 60).retryAfter == 60)
        #expect(Problem.insufficientStorage.retryAfter == 300)
        #expect(Problem.internalError.retryAfter == nil)
        #expect(Problem.invalid("a", "b").retryAfter == nil)
    }

    @Test("is written as problem details with the service's extensions (RFC 9457 §3)")
    func json() {
        #expect(
            Problem.mediaNotFound("c\"1").json(baseURL: "https://m.example", requestID: "r-1").text == """
                {"type":"https://m.example/docs/errors#not_found","title":"Not found","status":404,"code":"not_found",\
                "detail":"Media with ID c\\"1 not found","requestId":"r-1"}
                """)
    }

    @Test("is written with its errors, where there are any")
    func jsonWithErrors() {
        let problem = Problem.invalid([.init("size", "must be a number"), .init("", "is no object")])
        #expect(
            problem.json(baseURL: "https://m.example", requestID: "r").text == """
                {"type":"https://m.example/docs/errors#invalid_request","title":"Invalid request","status":400,"code":"invalid_request",\
                "detail":"size: must be a number; : is no object","requestId":"r","errors":\
                [{"field":"size","reason":"must be a number"},{"field":"","reason":"is no object"}]}
                """)
    }

    @Test("a single error is written as a list too")
    func jsonWithOneError() {
        let json = Problem.invalid("size", "must be a number").json(baseURL: "https://m.example", requestID: "r")
        #expect(json["errors"]?.array?.map(\.text) == [#"{"field":"size","reason":"must be a number"}"#])
    }

    @Test("an internal error tells nothing but where to look")
    func internalError() {
        let problem = Problem.internalError
        #expect(problem.status == 500 && problem.code == .internalError && problem.errors.isEmpty)
        #expect(problem.detail.contains("log"))
    }
}
