package import HTTPTypes

/// A request that can't be served as it is, whatever it is about.
package struct HTTPError: Error, Equatable {
    /// What is wrong with it.
    package enum Kind: Sendable {
        case invalidRequest
        case notFound
        case methodNotAllowed
        case bodyTooLarge
        case headerTooLarge

        package var status: HTTPResponse.Status {
            switch self {
            case .invalidRequest: .badRequest
            case .notFound: .notFound
            case .methodNotAllowed: .methodNotAllowed
            case .bodyTooLarge: .contentTooLarge
            case .headerTooLarge: .requestHeaderFieldsTooLarge
            }
        }
    }

    package var kind: Kind
    /// What of the request is wrong, such as `body` or a parameter's name.
    package var field: String?
    package var reason: String
    /// The methods a resource has, on 405 (RFC 9110 §15.5.6).
    package var allow: [HTTPRequest.Method] = []

    package init(_ kind: Kind, field: String? = nil, reason: String) {
        self.kind = kind
        self.field = field
        self.reason = reason
    }

    package static func badRequest(_ field: String, _ reason: String) -> HTTPError {
        HTTPError(.invalidRequest, field: field, reason: reason)
    }

    static func headerTooLarge(limit: Int) -> HTTPError {
        HTTPError(.headerTooLarge, field: "header", reason: "must not be longer than \(limit) bytes in all")
    }

    static func bodyTooLarge(limit: Int) -> HTTPError {
        HTTPError(.bodyTooLarge, field: "body", reason: "must not be longer than \(limit) bytes")
    }
}
