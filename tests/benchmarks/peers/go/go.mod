module campaign.example/benchmark

go 1.19
