/// A text that is equal to another one only byte by byte, as the database compares it.
///
/// To Swift's `String` é and e with a combining accent are the same, and so are K and the Kelvin sign: two users, two entities
/// or two names to everybody else.
package struct ExactText: Hashable, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package static func == (left: ExactText, right: ExactText) -> Bool {
        guard left.text.utf8.count == right.text.utf8.count else { return false }
        var (first, second) = (left.text, right.text)
        return first.withUTF8 { first in second.withUTF8 { second in first.elementsEqual(second) } }
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
