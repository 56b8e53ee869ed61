/** For clients in tests: no clock but the functions' own ends a request, however busy the machine is. */
export const patient = { requestHandler: { requestTimeout: 60_000 } };
