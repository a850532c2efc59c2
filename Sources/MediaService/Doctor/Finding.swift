package import MediaCore

/// What `mediad doctor` has found of one thing that operation needs.
package struct Finding: Equatable, Sendable {
    package enum State: String, Sendable {
        case ok
        /// It works, and something of it will hurt one day.
        case warning
        /// Something doesn't work.
        case fault
    }

    /// What was looked at, such as `database`.
    package var subject: String
    package var state: State
    package var text: String
    /// What to do; nil where nothing is to be done.
    package var mend: String?

    static func ok(_ subject: String, _ text: String) -> Finding {
        Finding(subject: subject, state: .ok, text: text, mend: nil)
    }

    static func warning(_ subject: String, _ text: String, mend: String) -> Finding {
        Finding(subject: subject, state: .warning, text: text, mend: mend)
    }

    static func fault(_ subject: String, _ text: String, mend: String) -> Finding {
        Finding(subject: subject, state: .fault, text: text, mend: mend)
    }

    package var json: JSON {
        .object([
            .init("subject", .string(subject)), .init("state", .string(state.rawValue)), .init("text", .string(text)),
            .init("mend", JSON(mend)),
        ])
    }
}
