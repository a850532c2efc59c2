-- wrk: posts the packet that stands behind `--`.
function init(arguments)
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = arguments[1]
end
