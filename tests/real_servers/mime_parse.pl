# MIME::Parser's view of messages (Debian: libmime-tools-perl), as JSON: `perl mime_parse.pl FILE…`.
#
# Out: {FILE: PART}; a PART has its header fields in order, decoded (RFC 2047), its type in lower case, its parameters
# decoded (RFC 2231), the octets of its body in base64, and its own parts. Ends with an error for a message that
# MIME::Parser has something to say about.
use strict;
use warnings;

use Encode qw(decode FB_CROAK);
use JSON::PP;
use MIME::Base64 qw(encode_base64);
use MIME::Parser;
use MIME::WordDecoder qw(mime_to_perl_string);

sub fields {
    my ($head) = @_;
    my @found;
    for my $tag ($head->tags_in_order) {
        # `tags_in_order` names a field as often as it is there.
        push @found, [$tag, $_] for $head->get($tag, 0);
    }
    return \@found;
}

sub part {
    my ($entity) = @_;
    my $head = $entity->head;
    $head->unfold;
    my %seen;
    my @fields;
    for my $tag ($head->tags) {
        next if $seen{lc $tag}++;
        my @values = $head->get_all($tag);
        chomp @values;
        push @fields, [lc $tag, mime_to_perl_string($_)] for @values;
    }
    my $body = $entity->bodyhandle;
    return {
        fields => \@fields,
        type => lc $entity->effective_type,
        charset => scalar $head->mime_attr('content-type.charset'),
        method => scalar $head->mime_attr('content-type.method'),
        disposition => scalar $head->mime_attr('content-disposition'),
        filename => scalar $head->recommended_filename,
        name => scalar $head->mime_attr('content-type.name'),
        body => $body ? encode_base64($body->as_string, '') : undef,
        parts => [map { part($_) } $entity->parts],
    };
}

my %found;
for my $file (@ARGV) {
    my $parser = MIME::Parser->new;
    $parser->output_to_core(1);
    $parser->tmp_to_core(1);
    $parser->decode_bodies(1);
    $parser->extract_nested_messages(0);
    my $entity = $parser->parse_open($file);
    my @said = $parser->results->msgs;
    die "$file: @said\n" if grep { /^(error|warning)/ } @said;
    $found{$file} = part($entity);
}
print JSON::PP->new->ascii->canonical->encode(\%found);
