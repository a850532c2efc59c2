import CVips
import Glibc
import MediaCore
import MediaProcessing

/// `mediad-image`: describes a picture and makes smaller ones of it, as an order in JSON on standard input says; the answer is JSON, too.
///
/// libvips and what it is made of stay out of the service's processes: they take long to load, and read what strangers have sent. Ends
/// with 65 (EX_DATAERR) for a picture that can't be used, with the reason on standard error, and with 70 (EX_SOFTWARE) for its own failures.
@main
enum Program {
    static func main() {
        do {
            let order = try readOrder()
            // Of a profile that is odd nobody needs to know.
            _ = unsafe setenv("VIPS_WARNING", "0", 1)
            guard media_vips_start(order.needsModules ? 1 : 0) == 0 else {
                throw Picture.Failure("libvips doesn't start")
            }
            print(try PictureMaker(order).run().text)
        } catch let refusal as Refusal {
            end(65, refusal.reason)
        } catch let failure as Picture.Failure {
            // What libvips says of a picture.
            end(65, "The picture can't be read: \(failure.description)")
        } catch {
            end(70, "\(error)")
        }
    }

    private static func end(_ status: Int32, _ reason: String) -> Never {
        let line = Array("\(reason)\n".utf8)
        _ = unsafe write(STDERR_FILENO, line, line.count)
        exit(status)
    }

    private static func readOrder() throws -> ImageOrder {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe read(STDIN_FILENO, &buffer, buffer.count)
            if count <= 0 { break }
            bytes += buffer[..<count]
        }
        guard let order = ImageOrder(try JSONParser.parse(bytes)) else { throw OrderFault() }
        return order
    }

    private struct OrderFault: Error {}
}

/// Why a picture isn't used.
struct Refusal: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

extension ImageOrder {
    /// Whether libvips needs more than what it is built with: for HEIC and AVIF.
    fileprivate var needsModules: Bool {
        ["image/avif", "image/heic", "image/heif"].contains(mimeType) || formats.contains(.avif)
    }
}
