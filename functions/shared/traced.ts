import { tracer } from "./powertools";
import { Problem } from "./problem";

/** Runs an invocation's work under a subsegment of its own, where there is a trace. */
export async function traced<T>(work: () => Promise<T>): Promise<T> {
  const segment = tracer.getSegment();
  if (segment === undefined) return await work();
  const subsegment = segment.addNewSubsegment(`## ${process.env._HANDLER}`);
  tracer.setSegment(subsegment);
  tracer.annotateColdStart();
  tracer.addServiceNameAnnotation();
  try {
    return await work();
  } catch (error) {
    // What a caller did wrong is no fault of the function's.
    if (!(error instanceof Problem) || error.isOfThisSide) tracer.addErrorAsMetadata(error as Error);
    throw error;
  } finally {
    subsegment.close();
    tracer.setSegment(segment);
  }
}
