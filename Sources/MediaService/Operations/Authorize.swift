import MediaCore

/// A request that its caller has no right to. Counted and logged where it becomes an answer.
struct AccessRefused: Error {
    /// What the caller is told.
    let problem: Problem
    /// As logs name the caller.
    let caller: String
    /// What exactly is refused, which the caller isn't always told.
    let reason: String
    /// The record's id as the request named it, or empty.
    var media = ""
}

/// Asks the access policy.
enum Authorize {
    /// - Parameter id: the record's id as the request named it.
    static func check(_ caller: Caller, _ action: AccessPolicy.Action, id: String = "") throws(AccessRefused) {
        guard case .refused(let refusal) = AccessPolicy.decide(caller, action) else { return }
        // It may be anything that a URL can hold.
        let id = String(id.prefix(100))
        let problem: Problem =
            switch refusal {
            case .unauthenticated: .unauthenticated("This needs an API key: 'Authorization: Bearer mk_…'.")
            case .missingScope(let scope): .forbidden("The API key lacks the scope '\(scope.rawValue)'.")
            case .notFound: .mediaNotFound(id)
            }
        throw AccessRefused(problem: problem, caller: caller.logName, reason: "\(refusal)", media: id)
    }
}

extension Caller {
    /// As logs name the caller.
    var logName: String {
        switch self {
        case .anonymous: "anonymous"
        case .service(let keyID, _): "key \(keyID)"
        }
    }
}
