-- Asks Gatehouse whether a request may pass; see haproxy-verify.example.cfg beside it.
core.register_action("gatehouse", { "http-req" }, function(txn)
    local address = txn:get_var("proc.gatehouse") .. "/verify"
    local headers = { ["host"] = { txn:get_var("proc.gatehouse_host") } }
    local certificate = txn.f:ssl_c_der()
    if certificate and #certificate > 0 then
        headers["client-cert"] = { ":" .. txn.c:base64(certificate) .. ":" }
    end
    local answer = core.httpclient():get { url = address, headers = headers, timeout = 5000 }
    txn:set_var("txn.status", answer and answer.status or 503)
    if answer and answer.status == 200 then
        txn:set_var("txn.device", answer.headers["gatehouse-device"][0])
        txn:set_var("txn.user", answer.headers["gatehouse-user"][0])
    end
end)
