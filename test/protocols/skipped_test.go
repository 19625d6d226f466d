package protocols_test

// The reasons for leaving a case out.
const (
	compression = "the vector has no body: request compression is undone by the gateway, before decoding"
	tokenFill   = "the client makes the token up; the vector's params do not have it"
	mediaType64 = "header values of media type JSON are base64: no served model has one"
	noTrace     = "an empty map leaves no parameter, so a server cannot tell it from none"
	emptyForNil = "the client writes an empty structure for a payload that is not set; a server reads what was written"
	precedence  = "how a client resolves two sources for one parameter; the request no longer shows it"
	otherCode   = "other places for the error code, which clients must read and no server needs to write"
	extraError  = "the answer has a member that the error's shape does not list"
)

// skipped names the cases that do not run, as kind/file/id, with the reason.
var skipped = map[string]string{
	"input/json_1_0/SDKAppliedContentEncoding_awsJson1_0":                     compression,
	"input/json_1_0/SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0":  compression,
	"input/json/SDKAppliedContentEncoding_awsJson1_1":                         compression,
	"input/json/SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1":      compression,
	"input/query/SDKAppliedContentEncoding_awsQuery":                          compression,
	"input/query/SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery":       compression,
	"input/rest-json/SDKAppliedContentEncoding_restJson1":                     compression,
	"input/rest-json/SDKAppendedGzipAfterProvidedEncoding_restJson1":          compression,
	"input/rest-xml/SDKAppliedContentEncoding_restXml":                        compression,
	"input/rest-xml/SDKAppendedGzipAfterProvidedEncoding_restXml":             compression,
	"input/query/QueryProtocolIdempotencyTokenAutoFill":                       tokenFill,
	"input/rest-json/RestJsonQueryIdempotencyTokenAutoFill":                   tokenFill,
	"input/rest-xml/QueryIdempotencyTokenAutoFill":                            tokenFill,
	"input/query/QueryEmptyQueryMaps":                                         noTrace,
	"input/rest-json/MediaTypeHeaderInputBase64":                              mediaType64,
	"input/rest-json/RestJsonQueryPrecedence":                                 precedence,
	"input/rest-xml/RestXmlQueryPrecedence":                                   precedence,
	"input/rest-json/RestJsonHttpWithEmptyStructurePayload":                   emptyForNil,
	"input/rest-json/RestJsonHttpWithHeadersButNoPayload":                     emptyForNil,
	"output/json_1_0/AwsJson10FooErrorUsingXAmznErrorType":                    otherCode,
	"output/json_1_0/AwsJson10FooErrorUsingXAmznErrorTypeWithUri":             otherCode,
	"output/json_1_0/AwsJson10FooErrorUsingXAmznErrorTypeWithUriAndNamespace": otherCode,
	"output/json_1_0/AwsJson10FooErrorUsingCode":                              otherCode,
	"output/json_1_0/AwsJson10FooErrorUsingCodeAndNamespace":                  otherCode,
	"output/json_1_0/AwsJson10FooErrorUsingCodeUriAndNamespace":               otherCode,
	"output/json/AwsJson11FooErrorUsingXAmznErrorType":                        otherCode,
	"output/json/AwsJson11FooErrorUsingXAmznErrorTypeWithUri":                 otherCode,
	"output/json/AwsJson11FooErrorUsingXAmznErrorTypeWithUriAndNamespace":     otherCode,
	"output/json/AwsJson11FooErrorUsingCode":                                  otherCode,
	"output/json/AwsJson11FooErrorUsingCodeAndNamespace":                      otherCode,
	"output/json/AwsJson11FooErrorUsingCodeUriAndNamespace":                   otherCode,
	"output/rest-json/RestJsonFooErrorUsingCode":                              otherCode,
	"output/rest-json/RestJsonFooErrorUsingCodeAndNamespace":                  otherCode,
	"output/rest-json/RestJsonFooErrorUsingCodeUriAndNamespace":               otherCode,
	"output/rest-json/RestJsonFooErrorWithDunderType":                         otherCode,
	"output/rest-json/RestJsonFooErrorWithDunderTypeAndNamespace":             otherCode,
	"output/rest-json/RestJsonFooErrorWithDunderTypeUriAndNamespace":          otherCode,
	"output/rest-json/MediaTypeHeaderOutputBase64":                            mediaType64,
	"output/rest-xml/InvalidGreetingError":                                    extraError,
	"output/rest-xml/ComplexError":                                            extraError,
}

// clientOnly names output cases whose body holds what a server of the model
// does not send. They are read, not written.
var clientOnly = map[string]string{
	"AwsJson10DeserializeIgnoreType":                        "a __type inside a union",
	"AwsJson11DeserializeIgnoreType":                        "a __type inside a union",
	"RestJsonDeserializeIgnoreType":                         "a __type inside a union",
	"AwsJson10DeserializeAllowNulls":                        "nulls for absent members",
	"AwsJson11StructuresDontDeserializeNullValues":          "nulls for absent members",
	"RestJsonDoesntDeserializeNullStructureValues":          "nulls for absent members",
	"RpcV2CborClientDoesntDeserializeNullStructureValues":   "nulls for absent members",
	"RestJsonDeserializesDenseSetMapAndSkipsNull":           "a null in a map that keeps none",
	"RpcV2CborDeserializesDenseSetMapAndSkipsNull":          "a null in a map that keeps none",
	"AwsJson10HandlesUnexpectedJsonOutput":                  "members that the model does not know",
	"handles_unexpected_json_output":                        "members that the model does not know",
	"RpcV2CborPayloadWithUnsetUnion":                        "a body of another operation, all of it unknown to the model",
	"RpcV2CborExtraFieldsInTheBodyShouldBeSkippedByClients": "members that the model does not know",
}

// writeOnly names output cases that cannot be read as a request: an answer's
// body has members that a request has in its query.
var writeOnly = map[string]bool{"IgnoreQueryParamsInResponse": true}
