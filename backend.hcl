# What the remote state of all stacks has in common. Bucket, key and region are computed per stack
# (config/backend.ts) and are refused here: they would put every stack on one state.
# By hand: terraform init -backend-config=<path>/backend.hcl
dynamodb_table = "tap-state-lock"
kms_key_id     = "alias/tap-state"
encrypt        = true
use_lockfile   = true
