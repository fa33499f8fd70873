/** What `nearhop --help` prints. */
export const HELP = `Nearhop: one global address in front of a serverless application in several AWS Regions.

  nearhop check   [--config FILE] [--json]
      Says what a configuration means, with warnings, or everything that is wrong with it.

  nearhop bundle  --out DIR [--config FILE] [--json]
                  [--jwks [ISSUER=]FILE]… [--jwks-url [ISSUER=]URL]… [--no-fetch]
                  [--discovery [ISSUER=]FILE]… [--discovery-url [ISSUER=]URL]…
      Writes what Lambda@Edge loads: the folder DIR, and DIR.zip with the same files in it.

  nearhop explain --edge REGION --url URL [--method METHOD] [--ip ADDRESS] [--country CODE]
                  [--header 'NAME: VALUE']… [--token JWT | --claims FILE] [--down REGION]…
                  [--control FILE] [--second-leg] [--trigger TRIGGER] [--config FILE] [--json]
      Says where one request would go, through which stages, and why.

  nearhop plan    [--regions A,B,C] [--all] [--weights FILE] [--svg FILE] [--config FILE] [--json]
      Says how the Regions serve every edge, what happens when one fails, which one more would help.

  nearhop control validate FILE [--config FILE] [--json]
      Says what a control document says, or everything that is wrong with it.

  nearhop control example [--config FILE]
      Prints a control document to begin with.

  nearhop pin     --region REGION [--ttl TIME] [--config FILE]
      Prints what, sent as the header x-nearhop-pin, chooses a request's Region. The key is read
      from the environment variable api.pin.env names.

  nearhop dev     [TEMPLATE] [--function NAME=PATH]… [--origin NAME=TARGET]… [--port N]
                  [--pop CODE | --edge REGION] [--country CODE] [--ip ADDRESS] [--latency]
                  [--control-port N] [--instances N] [--node RUNTIME=PATH]… [--ric PATH]
                  [--stack NAME] [--distribution ID] [--parameter NAME=VALUE]…
                  [--trace] [--secrets] [--har FILE] [--json]
      Serves a CloudFront distribution on this machine, with its Lambda@Edge functions.

  nearhop schema
      Prints the JSON Schema of nearhop.toml, for editors.

  --config FILE           the configuration; nearhop.toml if left out
  --out DIR               the folder; it is replaced when it is a bundle, and must else be empty
  --jwks [ISSUER=]FILE    a file with an issuer's key set (RFC 7517), taken instead of fetching it
  --jwks-url [ISSUER=]URL where an issuer's key set is, now and at the edge: https, or http on
                          this machine. ISSUER is its URL or its pool id; it may be left out where
                          there is only one.
  --discovery [ISSUER=]FILE
                          a file with an issuer's discovery document (OpenID Connect Discovery 1.0),
                          taken instead of fetching it
  --discovery-url [ISSUER=]URL
                          where that document is; <issuer>/.well-known/openid-configuration if left
                          out
  --no-fetch              fetch nothing: key sets not given by file are fetched at the edge
  --json                  one JSON document on stdout; of dev, a line of JSON for each request

  --edge REGION           the Region that executes the function, or "unknown"
  --url URL               a URL, or a path with its query
  --trigger TRIGGER       origin-request if left out; or viewer-request
  --country CODE          the viewer's, as CloudFront says it at origin-request
  --token JWT             verified by the issuer's key set: --jwks, --discovery and so on as above
  --claims FILE           JSON claims, taken as a verified token's
  --down REGION           an API Region that has been failing; may be repeated
  --control FILE          the control document in force
  --second-leg            the request comes with an origin group's second origin
  --regions A,B,C         Regions to plan with, in place of the configuration's
  --all                   every AWS Region as an edge, not only those that execute Lambda@Edge
  --weights FILE          a JSON object: how much each edge Region counts
  --svg FILE              write the plan as a world map

  --region REGION         the API Region that is asked for
  --ttl TIME              how long a pin is good for: 1s to 24h; 10m if left out

  TEMPLATE                CloudFormation as JSON or YAML, or a folder of a synthesized CDK app;
                          cdk.out if left out
  --function NAME=PATH    the folder or zip of a function: its logical id or its name
  --origin NAME=TARGET    what stands for an origin, by its domain name or id: http://127.0.0.1:4001,
                          a directory, or s3+http://KEY:SECRET@127.0.0.1:4566/BUCKET?region=REGION
  --port N                where to listen, on this machine only; 8080 if left out, 0 for any
  --control-port N        the same for traces and faults on command; any if left out
  --pop, --edge           where viewers are: near a POP such as FRA, or at an edge Region. A request
                          can say so itself: x-nearhop-dev-pop, x-nearhop-dev-edge
  --latency               origins are as far away as their Regions
  --instances N           most execution environments of a function in one edge Region; 1
  --node RUNTIME=PATH     the node program that runs nodejs22.x or nodejs24.x
  --ric PATH              AWS's own runtime client, index.mjs of aws-lambda-ric
  --trace                 each request's whole way, in place of a line
  --secrets               traces hold tokens, cookies and secrets
  --har FILE              write the last requests as an HTTP archive at the end

  --help, --version

Exit status: 0 fine · 1 the configuration is bad · 2 the command line is · 3 something outside
failed, such as an issuer that cannot be reached
`;
