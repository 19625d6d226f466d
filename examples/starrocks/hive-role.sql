CREATE EXTERNAL CATALOG lake_hive_role
PROPERTIES
(
    "type" = "hive",
    "hive.metastore.type" = "glue",
    "aws.glue.use_instance_profile" = "false",
    "aws.glue.endpoint" = "ENDPOINT",
    "aws.glue.region" = "REGION",
    "aws.glue.access_key" = "ACCESS_KEY",
    "aws.glue.secret_key" = "SECRET_KEY",
    "aws.glue.iam_role_arn" = "ROLE_ARN",
    "aws.glue.external_id" = "EXTERNAL_ID",
    "aws.s3.use_instance_profile" = "false",
    "aws.s3.endpoint" = "ENDPOINT",
    "aws.s3.region" = "REGION",
    "aws.s3.enable_path_style_access" = "true",
    "aws.s3.enable_ssl" = "false",
    "aws.s3.access_key" = "ACCESS_KEY",
    "aws.s3.secret_key" = "SECRET_KEY",
    "aws.s3.sts.endpoint" = "ENDPOINT",
    "aws.s3.sts.region" = "REGION",
    "aws.s3.iam_role_arn" = "ROLE_ARN",
    "aws.s3.external_id" = "EXTERNAL_ID"
);
