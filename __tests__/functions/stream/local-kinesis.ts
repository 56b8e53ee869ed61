import { type Answer, refusal } from "./local-answer";

export interface PutRecord {
  readonly data: string;
  readonly partitionKey: string;
}

/** A stream that takes records, or refuses some of them. */
export class LocalKinesis {
  readonly records: PutRecord[] = [];
  /** Lengths of all PutRecords. */
  readonly calls: number[] = [];
  status = "ACTIVE";
  /** Why a record is refused. */
  refuse: (record: PutRecord, place: number) => string | undefined = () => undefined;

  answer(operation: string, body: { Records: { Data: string; PartitionKey: string }[] }): Answer {
    if (operation === "DescribeStreamSummary")
      return { body: { StreamDescriptionSummary: { StreamName: "records", StreamStatus: this.status } } };
    if (operation !== "PutRecords") return refusal("UnknownOperationException");
    if (body.Records.length === 0 || body.Records.length > 500) return refusal("ValidationException");
    this.calls.push(body.Records.length);
    const results = body.Records.map(({ Data, PartitionKey }, place) => {
      const record = { data: Buffer.from(Data, "base64").toString(), partitionKey: PartitionKey };
      const code = this.refuse(record, place);
      if (code !== undefined) return { ErrorCode: code, ErrorMessage: "The cause" };
      this.records.push(record);
      return { SequenceNumber: String(this.records.length), ShardId: "shardId-000000000000" };
    });
    return { body: { FailedRecordCount: results.filter((result) => "ErrorCode" in result).length, Records: results } };
  }
}
