package import HTTPTypes

/// Routes and their handlers.
///
/// - `Context`: what a thread owns and its handlers use.
package struct Router<Context>: Sendable {
    package typealias Handler = @Sendable (Request, PathParameters, Context) throws -> Response

    package private(set) var table = RouteTable()
    /// By the routes' indices.
    package private(set) var handlers: [Handler] = []

    package init() {}

    /// Adds a route; in `path`, a segment such as `{id}` matches anything and is handed to the handler under its name.
    package mutating func on(
        _ method: HTTPRequest.Method, _ path: String, name: String, handler: @escaping Handler
    ) {
        table.add(method, path, name: name)
        handlers.append(handler)
    }
}
