"""The way between a province's Kafka and headquarters': what is carried, and what the province may do up there."""
