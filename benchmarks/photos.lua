-- For wrk: posts the photos of a folder in turn. Prints a line of JSON.
local photos, at = {}, 0

function init(args)
  for name in io.popen('ls "' .. args[1] .. '"'):lines() do
    local file = assert(io.open(args[1] .. "/" .. name, "rb"))
    photos[#photos + 1] = file:read("*a")
    file:close()
  end
end

function request()
  at = at % #photos + 1
  return wrk.format("POST", nil, {["Content-Type"] = "image/jpeg"}, photos[at])
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"photos_per_second": %.1f, "p50_ms": %.1f, "p99_ms": %.1f, "requests": %d, "failed": %d}\n',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, summary.requests,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout
  ))
end
