// The lease interface for other extensions. It shares the instance that runs in this process and brings nothing of its own.
/** The running extension's distributor; undefined where it does not run. */
export function keyDistributor() {
	return globalThis.__piMultiAuthKeyDistributor;
}
