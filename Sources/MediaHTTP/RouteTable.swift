package import HTTPTypes

/// Finds the route of a request by method and path.
package struct RouteTable: Sendable {
    /// A route's name labels metrics and logs.
    package struct Route: Sendable {
        package let name: String
        /// Place in the order of registration.
        package let index: Int
        package let method: HTTPRequest.Method
        /// Such as `/v1/media/{id}`.
        package let path: String
        let pattern: [Segment]
        let parameterCount: Int

        init(name: String, index: Int, method: HTTPRequest.Method, path: String, pattern: [Segment]) {
            self.name = name
            self.index = index
            self.method = method
            self.path = path
            self.pattern = pattern
            parameterCount = pattern.count { if case .parameter = $0 { true } else { false } }
        }
    }

    enum Segment: Equatable, Sendable {
        case literal(String)
        case parameter(String)
    }

    package private(set) var routes: [Route] = []
    /// The same, those with fewest parameters first: a path is the resource that names most of it.
    private var ordered: [Route] = []

    init() {}

    mutating func add(_ method: HTTPRequest.Method, _ path: String, name: String) {
        let pattern = path.split(separator: "/").map { segment -> Segment in
            segment.hasPrefix("{") && segment.hasSuffix("}")
                ? .parameter(String(segment.dropFirst().dropLast())) : .literal(String(segment))
        }
        let route = Route(name: name, index: routes.count, method: method, path: path, pattern: pattern)
        routes.append(route)
        let place = ordered.firstIndex { $0.parameterCount > route.parameterCount } ?? ordered.endIndex
        ordered.insert(route, at: place)
    }

    /// The route for a request; HEAD is answered by what answers GET (RFC 9110 §9.3.2).
    ///
    /// - Throws: 404 where no route has the path, 405 with `Allow` where none of those has the method.
    package func route(
        _ method: HTTPRequest.Method, _ path: [String]
    ) throws(HTTPError) -> (route: Route, parameters: PathParameters) {
        var allowed: [HTTPRequest.Method] = []
        var parameterCount = Int.max
        for route in ordered where route.parameterCount <= parameterCount {
            guard let parameters = Self.match(route.pattern, path) else { continue }
            if route.method == method || (method == .head && route.method == .get) { return (route, parameters) }
            parameterCount = route.parameterCount
            for method in route.method == .get ? [.get, .head] : [route.method] where !allowed.contains(method) {
                allowed.append(method)
            }
        }
        if allowed.isEmpty {
            throw HTTPError(.notFound, reason: "There is nothing at this path.")
        }
        var error = HTTPError(
            .methodNotAllowed, field: "method",
            reason: "\(method.rawValue) isn't possible here")
        error.allow = allowed
        throw error
    }

    private static func match(_ pattern: [Segment], _ path: [String]) -> PathParameters? {
        guard pattern.count == path.count else { return nil }
        for index in pattern.indices {
            if case .literal(let literal) = pattern[index], literal != path[index] { return nil }
        }
        var values: [(name: String, value: String)] = []
        for index in pattern.indices {
            if case .parameter(let name) = pattern[index] { values.append((name, path[index])) }
        }
        return PathParameters(values: values)
    }
}
