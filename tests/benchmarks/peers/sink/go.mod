module campaign.example/sink

go 1.19
